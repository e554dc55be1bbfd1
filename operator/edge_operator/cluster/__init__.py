"""The API server: connection, apply, watch cache, lease. I/O, no decisions."""
