"""Writes to the API server: children, status and Events, with backoff for writes that it rejects."""
