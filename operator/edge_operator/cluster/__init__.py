"""The API server: connection, apply, watches and the lease. I/O without decisions."""
