"""Schemas of request bodies for the OpenAPI document; the routes parse the bodies, for better error messages."""

from http import HTTPStatus
from typing import Any


def _body(schema: dict[str, Any], example: Any, *, required: bool = True) -> dict[str, Any]:
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": required, "content": content}}


def _answers(description: str, content: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {HTTPStatus.OK: {"description": description, "content": content}}


_TEXT = {"type": "string"}
_OBJECT = {"type": "object"}
_TIME = {"type": "string", "format": "date-time"}
_READING = {
    "type": "object",
    "required": ["sensor_type", "value"],
    "properties": {
        "device_id": _TEXT,
        "timestamp": _TIME,
        "sensor_type": _TEXT,
        "value": {"type": "number"},
        "unit": _TEXT,
        "location": _TEXT,
        "metadata": _OBJECT,
        "session": _TEXT,
        "seq": {"type": "integer"},
    },
}

_READINGS = {"oneOf": [_READING, {"type": "array", "items": _READING}]}
_EXAMPLE = {"sensor_type": "temperature", "value": 21.5, "unit": "celsius", "timestamp": "2026-01-31T12:00:00Z"}
DATA_BODY = _body(_READINGS, _EXAMPLE)
RESEND_BODY = _body(_READINGS, _EXAMPLE, required=False)
STATUS_BODY = _body(
    {
        "type": "object",
        "required": ["status"],
        "properties": {
            "status": {"type": "string", "minLength": 1, "maxLength": 128},
            "name": _TEXT,
            "type": _TEXT,
            "location": _TEXT,
            "last_seen": _TIME,
            "metadata": _OBJECT,
            "reason": _TEXT,
        },
    },
    {"status": "online", "name": "Pump 1", "type": "pump"},
)
COMMAND_BODY = _body(
    {
        "type": "object",
        "properties": {"command": {}, "params": {}, "expires_in": _TEXT, "expires_at": _TIME},
    },
    {"command": "set_interval", "params": {"seconds": 10}, "expires_in": "30s"},
)
ACK_BODY = _body(
    {"type": "object", "required": ["status"], "properties": {"status": _TEXT, "result": {}}},
    {"status": "ok", "result": {"seconds": 10}},
)
_STORED = {
    "device_id": "pump-1",
    "timestamp": "2026-01-31T12:00:00.000Z",
    "sensor_type": "temperature",
    "value": 21.5,
    "unit": "celsius",
    "location": "hall-1",
    "metadata": {"processed_at": "2026-01-31T12:00:00.120Z", "processor": "edge-processor"},
    "session": "b3c1",
    "seq": 7,
    "offset": 42,
    "received_at": "2026-01-31T12:00:00.120Z",
}
_BUCKET = {
    "from": "2026-01-31T12:00:00.000Z",
    "to": "2026-01-31T12:01:00.000Z",
    "sensor_type": "temperature",
    "unit": "celsius",
    "value": 21.5,
    "count": 60,
}

READINGS_ANSWER = _answers(
    "Readings, or with `every` the values of buckets.",
    {
        "application/json": {
            "schema": _OBJECT,
            "examples": {
                "readings": {"value": {"readings": [_STORED], "next": "cmVhZGluZ3M6NDI"}},
                "buckets": {"summary": "with every=1m", "value": {"buckets": [_BUCKET], "next": None}},
            },
        },
        "application/x-ndjson": {"schema": _TEXT},
    },
)
