"""The body of `POST /v1/readings`, checked by hand: this is the one request that comes a thousand times a second."""

import binascii
import datetime as dt
from dataclasses import dataclass
from typing import Any

import orjson

from edge_wire.messages import parse_timestamp


class BadRequestError(Exception):
    """The request is wrong; the message names the field and says what is right."""


@dataclass(frozen=True, slots=True)
class RawMessage:
    """What a device sent, as it came.

    Attributes:
        received_at: When it arrived on site, by the receiver's clock, in UTC.
    """

    device_id: str
    payload: bytes
    received_at: dt.datetime


@dataclass(frozen=True, slots=True)
class IngestRequest:
    """Some messages, to be stored together.

    Attributes:
        token: Of the ingester's lease; None at the other doors.
        location: Of the site, for readings that name none.
    """

    token: int | None
    location: str
    messages: tuple[RawMessage, ...]


def parse_request(body: bytes) -> IngestRequest:
    """Return what `body` asks for.

    Raises:
        BadRequestError: It is no such request.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequestError(f"the body is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise BadRequestError("the body must be a JSON object")
    received_at = _moment(document, "received_at", "received_at")
    messages = document.get("messages")
    if not isinstance(messages, list):
        raise BadRequestError("messages must be an array")
    return IngestRequest(
        token=_token(document),
        location=_text(document, "location", "location"),
        messages=tuple(_message(each, f"messages[{index}]", received_at) for index, each in enumerate(messages)),
    )


def _message(document: Any, where: str, received_at: dt.datetime) -> RawMessage:
    if not isinstance(document, dict):
        raise BadRequestError(f"{where} must be an object")
    device_id = _text(document, "device_id", f"{where}.device_id")
    if not device_id:
        raise BadRequestError(f"{where}.device_id must not be empty")
    try:
        payload = binascii.a2b_base64(_text(document, "payload", f"{where}.payload"), strict_mode=True)
    except ValueError as error:
        raise BadRequestError(f"{where}.payload must be base64: {error}") from None
    if "received_at" in document:
        received_at = _moment(document, "received_at", f"{where}.received_at")
    return RawMessage(device_id, payload, received_at)


def _token(document: dict[str, Any]) -> int | None:
    token = document.get("token")
    if token is None or (isinstance(token, int) and not isinstance(token, bool)):
        return token
    raise BadRequestError("token must be the integer of the lease, or null")


def _text(document: dict[str, Any], name: str, where: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise BadRequestError(f"{where} must be a string")
    return value


def _moment(document: dict[str, Any], name: str, where: str) -> dt.datetime:
    moment = parse_timestamp(document.get(name))
    if moment is None:
        raise BadRequestError(f"{where} must be a time as RFC 3339, such as 2026-01-31T12:00:00.000Z")
    return moment
