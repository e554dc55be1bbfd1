"""Logs of every program: one JSON object a line, and never a flood of the same."""

from edge_logs.formatter import AUDIT, OBJECT, JsonFormatter
from edge_logs.limit import MAX_KEYS, RateLimit
from edge_logs.stderr import send_to_stderr

__all__ = ["AUDIT", "MAX_KEYS", "OBJECT", "JsonFormatter", "RateLimit", "send_to_stderr"]
