"""The log of readings: the newest in batches in the database, all others in compressed chunks in segment files."""
