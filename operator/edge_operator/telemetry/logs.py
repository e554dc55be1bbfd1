"""Logs: one JSON object a line, with the name of the object that it is about."""

import datetime as dt
import json
import logging
import sys
from typing import Any

OBJECT = "object"
"""Key of `extra=` under which a log call names the object, as `Kind namespace/name`."""


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON: time (RFC 3339, UTC), level, logger, message, object, error."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`, without its line end."""
        when = dt.datetime.fromtimestamp(record.created, dt.UTC)
        line: dict[str, Any] = {
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        named = getattr(record, OBJECT, None) or _kopf_object(record)
        if named:
            line[OBJECT] = named
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # The call is wrong; what it would have said is worth more than a traceback that is no JSON.
        return f"{record.msg} {record.args!r}"


def _kopf_object(record: logging.LogRecord) -> str | None:
    reference = getattr(record, "k8s_ref", None)
    if not reference:
        return None
    return f"{reference.get('kind')} {reference.get('namespace')}/{reference.get('name')}"


def about(kind: str, namespace: str, name: str) -> dict[str, str]:
    """Return the `extra=` of a log call about one object."""
    return {OBJECT: f"{kind} {namespace}/{name}"}


def configure(level: str) -> None:
    """Send every log of the process to stderr as JSON, from `level` (such as `INFO`) upwards."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Kopf logs each failed attempt of each watch as an error; its retries are ours to report.
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    # It logs each attempt to reach each site's broker; the operator tells of what changes.
    logging.getLogger("edge_service.mqtt.session").setLevel(logging.ERROR)
    # It warns that it does not take the signals: it is not meant to.
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
