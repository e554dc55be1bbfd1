"""Formats a log record as one JSON object a line, with the name of the object that it is about."""

import datetime as dt
import json
import logging
from typing import Any

OBJECT = "object"
"""Key of `extra=` with the object of a log call, such as `device d1` or `EdgeSite ns/hall`."""

AUDIT = "audit"
"""Key of `extra=` with the members of an audit line, a mapping; such a line is never withheld."""

SUPPRESSED = "suppressed"
"""Key of the number of similar records that were withheld before a record."""


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON: time (RFC 3339, UTC), level, logger, message, object, error.

    The members of an audit line follow the object.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`, without its line end."""
        when = dt.datetime.fromtimestamp(record.created, dt.UTC)
        line: dict[str, Any] = {
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        for key in (OBJECT, SUPPRESSED):
            if value := getattr(record, key, None):
                line[key] = value
        line |= getattr(record, AUDIT, {})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # The log call is wrong; its message is worth more than a traceback that is not JSON.
        return f"{record.msg} {record.args!r}"
