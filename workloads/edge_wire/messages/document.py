"""JSON documents as payloads: parsed within limits, encoded so that all our parsers accept them."""

import codecs
import json
import math
import re
from collections.abc import Mapping
from typing import Any

import orjson

from edge_wire.messages.malformed import MalformedError, kind

MAX_PAYLOAD_BYTES = 256 * 1024
"""Largest payload that the broker and the parsers accept."""

MAX_DEPTH = 64
"""Maximum number of nested levels of a payload; the JSON encoder's limit is about 250."""

_MAX_INTEGER_CHARACTERS = 19
"""Maximum characters of an integer that always fits 64 bits."""

_HALF_PAIR = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def without_bom(payload: bytes) -> bytes:
    """Return `payload` without a byte order mark at its start, which some editors and languages write."""
    return payload.removeprefix(codecs.BOM_UTF8)


def load(payload: bytes, max_bytes: int = MAX_PAYLOAD_BYTES, max_levels: int = MAX_DEPTH) -> Any:
    """Return the JSON document in `payload`; a byte order mark before it is skipped.

    Args:
        payload: JSON in UTF-8.
        max_bytes: its largest size, in bytes.
        max_levels: its maximum number of nested levels.

    Raises:
        MalformedError: it is empty, too large, nested too deeply, not UTF-8 or not JSON.
    """
    payload = without_bom(payload)
    _check_size(payload, max_bytes)
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise _no_json(payload, error) from None
    _check_depth(payload, document, max_levels)
    return document


def load_tolerant(payload: bytes) -> Any:
    """Return the document in `payload`, which may contain NaN, Infinity, huge numbers or half surrogate pairs.

    Slow, and only for a payload that `load` rejected as not JSON: one such number must not cost a whole array.

    Raises:
        MalformedError: it is not JSON even so.
    """
    payload = without_bom(payload)
    _check_size(payload)
    try:
        document = json.loads(payload.decode(), parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise _no_json(payload, error) from None
    _check_depth(payload, document)
    return document


def load_repaired(payload: bytes) -> Any:
    """Return the JSON document in `payload`, with null for NaN and Infinity, and U+FFFD for half a surrogate pair.

    For messages with free content, such as the result of a command: a part of it that cannot be written as JSON must
    not cost the message.

    Raises:
        MalformedError: as `load`, but not for the values above.
    """
    try:
        return load(payload)
    except MalformedError as error:
        if error.reason != "json":
            raise
    return _repaired(load_tolerant(payload))


def load_object(payload: bytes, max_bytes: int = MAX_PAYLOAD_BYTES, max_levels: int = MAX_DEPTH) -> dict[str, Any]:
    """Return the JSON object in `payload`.

    Args:
        payload: JSON in UTF-8.
        max_bytes: its largest size, in bytes.
        max_levels: its maximum number of nested levels.

    Raises:
        MalformedError: as `load`, or it is another type of JSON.
    """
    return as_object(load(payload, max_bytes, max_levels))


def as_object(document: Any) -> dict[str, Any]:
    """Return `document` if it is an object.

    Raises:
        MalformedError: it is another type of JSON.
    """
    if not isinstance(document, dict):
        raise MalformedError("type", f"the payload must be a JSON object, not {kind(document)}")
    return document


def with_extra(known: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `known` fields of a message, then the unknown ones in `extra`."""
    return {**known, **{name: value for name, value in extra.items() if name not in known}}


def dump(document: Any) -> bytes:
    """Return `document` as JSON in UTF-8."""
    return orjson.dumps(document)


def _check_size(payload: bytes, max_bytes: int = MAX_PAYLOAD_BYTES) -> None:
    if not payload:
        raise MalformedError("empty", "the payload is empty: send JSON")
    if len(payload) > max_bytes:
        raise MalformedError("too_large", f"the payload has {len(payload)} bytes: the limit is {max_bytes}")


def _check_depth(payload: bytes, document: Any, max_levels: int = MAX_DEPTH) -> None:
    # Counting brackets is far cheaper than walking, and almost every payload has few.
    if payload.count(b"[") + payload.count(b"{") > max_levels and _is_deeper(document, max_levels):
        raise MalformedError("depth", f"the payload is nested more than {max_levels} levels deep")


def _is_deeper(document: Any, limit: int) -> bool:
    level = [document]
    for _ in range(limit):
        level = [child for item in level for child in _children(item) if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _children(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return list(item.values())
    return item if isinstance(item, list) else []


def _repaired(item: Any) -> Any:
    if isinstance(item, str):
        return _HALF_PAIR.sub(_REPLACEMENT, item)
    if isinstance(item, dict):
        return {_HALF_PAIR.sub(_REPLACEMENT, name): _repaired(value) for name, value in item.items()}
    if isinstance(item, list):
        return [_repaired(value) for value in item]
    return None if isinstance(item, float) and not math.isfinite(item) else item


def _no_json(payload: bytes, error: Exception) -> MalformedError:
    try:
        payload.decode()
    except UnicodeDecodeError as bad:
        return MalformedError("utf8", f"the payload is not UTF-8: byte {bad.start} is {payload[bad.start]:#04x}")
    return MalformedError("json", f"the payload is not JSON: {error}")


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= _MAX_INTEGER_CHARACTERS else float(text)
