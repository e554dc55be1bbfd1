"""What goes to the store and what comes back."""

import base64
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class RawMessage:
    """What a device sent, as it came.

    Attributes:
        device_id: who sent it, by its topic or URL.
        payload: the bytes; the store reads them.
        received_at: when it came (aware); the time of the request if it is None.
    """

    device_id: str
    payload: bytes
    received_at: dt.datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the message as the store's interface has it."""
        message: dict[str, Any] = {
            "device_id": self.device_id,
            "payload": base64.b64encode(self.payload).decode("ascii"),
        }
        if self.received_at is not None:
            message["received_at"] = self.received_at
        return message


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why something of a message was set aside.

    Attributes:
        reason: a short label, for metrics.
        message: what is wrong, for people.
    """

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class MessageResult:
    """What became of one message.

    Attributes:
        accepted: readings newly stored.
        duplicates: readings that the store had already.
        rejected: what was set aside as dead letters.
    """

    accepted: int
    duplicates: int
    rejected: tuple[Rejection, ...]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return it from the store's answer."""
        rejected = tuple(Rejection(each["reason"], each["message"]) for each in value["rejected"])
        return cls(value["accepted"], value["duplicates"], rejected)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store has committed.

    Attributes:
        results: one for each message, in their order.
        readings: the newly stored ones as `cloud/sensors` has them, with `offset`.
    """

    results: tuple[MessageResult, ...]
    readings: tuple[Mapping[str, Any], ...]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return it from the store's answer."""
        return cls(tuple(MessageResult.from_json(each) for each in value["results"]), tuple(value["readings"]))


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to be the site's ingester.

    Attributes:
        token: rises with each new holder; every commit carries it.
        ttl_seconds: how long it holds without renewal.
    """

    token: int
    ttl_seconds: float


@dataclass(frozen=True, slots=True)
class OutboxAlert:
    """An alert that waits to be sent.

    Attributes:
        id: of its place in the outbox.
        alert: the message, as `alerts/{device}` has it.
    """

    id: int
    alert: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Some of many, newest first.

    Attributes:
        items: these.
        next: what to give as `before` for those that follow; None at the end.
    """

    items: tuple[Mapping[str, Any], ...]
    next: int | None
