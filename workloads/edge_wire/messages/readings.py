"""Payloads of `devices/{id}/data`: one reading, or an array of readings."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from edge_wire.messages.document import as_object, load, load_tolerant
from edge_wire.messages.malformed import MalformedError
from edge_wire.messages.reading import Reading

MAX_REJECTED = 100
"""Maximum number of rejected elements of an array with an entry each; the others share one entry."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A payload, or an element of its array, that is not a reading.

    Attributes:
        reason: label for metrics, as `MalformedError.reason`.
        message: the error.
        payload: the element as JSON, an array of several, or the whole payload unchanged.
    """

    reason: str
    message: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class ParsedReadings:
    """The readings and the rejected elements of one payload, both in its order."""

    readings: tuple[Reading, ...]
    rejected: tuple[Rejected, ...]


def parse_readings(payload: bytes, device_id: str) -> ParsedReadings:
    """Parse a `payload` of `device_id`; a malformed element does not affect the others.

    Never raises: malformed content is returned as rejected.
    """
    try:
        return _of_document(load(payload), payload, device_id)
    except MalformedError as error:
        if error.reason == "json":
            return _of_broken(payload, device_id)
        return _all_rejected(error, payload)


def _of_document(document: Any, payload: bytes, device_id: str) -> ParsedReadings:
    if isinstance(document, list):
        return _of_elements(document, device_id)
    try:
        return ParsedReadings((Reading.from_object(as_object(document), device_id),), ())
    except MalformedError as error:
        return _all_rejected(error, payload)


def _of_broken(payload: bytes, device_id: str) -> ParsedReadings:
    try:
        document = load_tolerant(payload)
        if isinstance(document, list):
            return _of_elements(document, device_id, broken=True)
        return ParsedReadings((Reading.from_object(_mended(as_object(document)), device_id),), ())
    except MalformedError as error:
        return _all_rejected(error, payload)


def _of_elements(elements: Iterable[Any], device_id: str, *, broken: bool = False) -> ParsedReadings:
    readings: list[Reading] = []
    rejected: list[Rejected] = []
    further: list[Any] = []
    for element in elements:
        try:
            fields = as_object(element)
            readings.append(Reading.from_object(_mended(fields) if broken else fields, device_id))
        except MalformedError as error:
            if len(rejected) < MAX_REJECTED:
                rejected.append(Rejected(error.reason, error.message, _written(element)))
            else:
                further.append(element)
    if further:
        rejected.append(_together(further))
    return ParsedReadings(tuple(readings), tuple(rejected))


def _together(elements: list[Any]) -> Rejected:
    message = f"{len(elements)} more elements of the array are not readings"
    return Rejected("further", message, _written(elements))


def _all_rejected(error: MalformedError, payload: bytes) -> ParsedReadings:
    return ParsedReadings((), (Rejected(error.reason, error.message, payload),))


def _mended(element: dict[str, Any]) -> dict[str, Any]:
    value = element.get("value")
    if isinstance(value, float) and not math.isfinite(value):
        raise MalformedError("nan", "value must be a finite number")
    try:
        # NaN within the metadata comes out as null; half a surrogate pair does not come out.
        mended: dict[str, Any] = orjson.loads(orjson.dumps(element))
    except TypeError as error:
        raise MalformedError("json", f"the reading cannot be written as JSON: {error}") from None
    return mended


def _written(element: Any) -> bytes:
    try:
        return orjson.dumps(element)
    except TypeError:
        # The standard library writes what orjson refuses: half a surrogate pair, as the escape that it was.
        return json.dumps(element).encode()
