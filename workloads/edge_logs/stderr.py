"""Sends the logs of a process to stderr."""

import logging
import sys

from edge_logs.formatter import JsonFormatter
from edge_logs.limit import RateLimit


def send_to_stderr(level: str, formatter: logging.Formatter | None = None, limit: RateLimit | None = None) -> None:
    """Send every log of the process to stderr, from `level` (such as `INFO`) upwards, and Python's warnings as logs.

    Args:
        level: the least level that is logged.
        formatter: of the lines; JSON if none is given.
        limit: withholds floods; none does if none is given.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter or JsonFormatter())
    if limit is not None:
        handler.addFilter(limit)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # As text between the lines of JSON no reader of logs could parse them.
    logging.captureWarnings(capture=True)
