"""Logs of the site's programs."""

import logging

from edge_logs import OBJECT, RateLimit, send_to_stderr


def about(kind: str, name: str) -> dict[str, str]:
    """Return the `extra=` of a log call about one object."""
    return {OBJECT: f"{kind} {name}"}


def configure(level: str) -> None:
    """Send every log of the process to stderr as JSON, from `level` (such as `INFO`) upwards."""
    send_to_stderr(level, limit=RateLimit())
    # Uvicorn also logs start and end; the program logs them itself.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
