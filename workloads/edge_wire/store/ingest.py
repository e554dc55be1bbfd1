"""`POST /v1/readings`: messages of devices to store, and the result of each.

The request is checked by hand: it is the one request that comes a thousand times a second.
"""

import base64
import binascii
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import orjson

from edge_wire.messages.malformed import MalformedError
from edge_wire.messages.timestamps import parse_timestamp


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message of a device, as it arrived.

    Attributes:
        device_id: the device, by its topic or URL.
        payload: the bytes; the store parses them.
        received_at: when it arrived on site, by the receiver's clock (aware).
    """

    device_id: str
    payload: bytes
    received_at: dt.datetime


@dataclass(frozen=True, slots=True)
class IngestRequest:
    """Messages to store in one transaction.

    Attributes:
        token: of the ingester's lease; None for messages that did not come by MQTT.
        location: of the site, for readings that name none.
        messages: one or more.
        is_answered_with_readings: whether the answer contains the stored readings.
    """

    token: int | None
    location: str
    messages: tuple[RawMessage, ...]
    is_answered_with_readings: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return the body of the request; a message has its own time only if it differs from that of the first."""
        received_at = self.messages[0].received_at
        document = {
            "token": self.token,
            "location": self.location,
            "received_at": received_at,
            "messages": [_to_json(message, received_at) for message in self.messages],
        }
        # A store of an older release ignores it, and answers with the readings.
        return document if self.is_answered_with_readings else document | {"readings": False}

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Return the request in `body`.

        Raises:
            MalformedError: it is not such a request; the message names the field.
        """
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise MalformedError("json", f"the body is not JSON: {error}") from None
        if not isinstance(document, dict):
            raise MalformedError("type", "the body must be a JSON object")
        received_at = _time(document, "received_at")
        messages = document.get("messages")
        if not isinstance(messages, list):
            raise MalformedError("type", "messages must be an array")
        return cls(
            token=_token(document),
            location=_text(document, "location"),
            messages=tuple(_message(each, f"messages[{index}]", received_at) for index, each in enumerate(messages)),
            is_answered_with_readings=_flag(document, "readings", default=True),
        )


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a message, or an element of it, became a dead letter.

    Attributes:
        reason: a short label, for metrics.
        message: what is wrong, for people.
    """

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class MessageResult:
    """The result of one message.

    Attributes:
        accepted: number of readings newly stored.
        duplicates: number of readings that the store had already.
        rejected: what became a dead letter.
    """

    accepted: int
    duplicates: int
    rejected: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What the store has committed.

    Attributes:
        results: one for each message, in their order.
        readings: the newly stored readings as `cloud/sensors` has them, with `offset`; none if the request wanted none.
    """

    results: tuple[MessageResult, ...]
    readings: tuple[Mapping[str, Any], ...]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the result in the store's answer."""
        return cls(tuple(_result(each) for each in value["results"]), tuple(value["readings"]))


def encode_result(results: Iterable[MessageResult], readings: Iterable[bytes]) -> bytes:
    """Return the store's answer; each of `readings` is a JSON object already."""
    return orjson.dumps(
        {
            "results": list(results),
            "readings": [orjson.Fragment(reading) for reading in readings],
        }
    )


def _to_json(message: RawMessage, received_at: dt.datetime) -> dict[str, Any]:
    document: dict[str, Any] = {
        "device_id": message.device_id,
        "payload": base64.b64encode(message.payload).decode("ascii"),
    }
    if message.received_at != received_at:
        document["received_at"] = message.received_at
    return document


def _result(value: Mapping[str, Any]) -> MessageResult:
    rejected = tuple(Rejection(each["reason"], each["message"]) for each in value["rejected"])
    return MessageResult(value["accepted"], value["duplicates"], rejected)


def _message(document: Any, path: str, received_at: dt.datetime) -> RawMessage:
    if not isinstance(document, dict):
        raise MalformedError("type", f"{path} must be an object")
    device_id = _text(document, "device_id", f"{path}.")
    if not device_id:
        raise MalformedError("field", f"{path}.device_id must not be empty")
    try:
        payload = binascii.a2b_base64(_text(document, "payload", f"{path}."), strict_mode=True)
    except ValueError as error:
        raise MalformedError("field", f"{path}.payload must be base64: {error}") from None
    if "received_at" in document:
        received_at = _time(document, "received_at", f"{path}.")
    return RawMessage(device_id, payload, received_at)


def _token(document: dict[str, Any]) -> int | None:
    token = document.get("token")
    if token is None or (isinstance(token, int) and not isinstance(token, bool)):
        return token
    raise MalformedError("type", "token must be the integer of the lease, or null")


def _flag(document: dict[str, Any], name: str, *, default: bool) -> bool:
    value = document.get(name, default)
    if not isinstance(value, bool):
        raise MalformedError("type", f"{name} must be true or false")
    return value


def _text(document: dict[str, Any], name: str, prefix: str = "") -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise MalformedError("type", f"{prefix}{name} must be a string")
    return value


def _time(document: dict[str, Any], name: str, prefix: str = "") -> dt.datetime:
    time = parse_timestamp(document.get(name))
    if time is None:
        raise MalformedError("field", f"{prefix}{name} must be a time as RFC 3339, such as 2026-01-31T12:00:00.000Z")
    return time
