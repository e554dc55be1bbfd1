"""Digests of which devices sent messages, so that other components need not receive every reading."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from edge_wire.messages import fields as take
from edge_wire.messages.document import dump, load_object, with_extra
from edge_wire.messages.malformed import MalformedError, kind

MAX_PART_BYTES = 64 * 1024
"""Largest payload on `edge/activity`; longer digests are sent in parts."""

_FRAME_BYTES = 1024
"""Maximum bytes of one part of a digest, not counting its devices."""


@dataclass(frozen=True, slots=True)
class Activity:
    """The payload of `edge/activity`.

    Ages instead of times: the receiver subtracts them from the arrival by its own clock, so clocks need not agree.

    Attributes:
        source: the component that received the messages.
        ages: seconds between the last message of each device and this digest, by device id.
        queue_lag_seconds: measured time of messages in the broker's queue before the source received them; None if
            unknown: then the digest does not prove that a device is alive.
        is_reply: whether this answers `edge/activity/request` with the last arrivals of all devices.
        extra: unknown fields.
    """

    source: str
    ages: Mapping[str, float]
    queue_lag_seconds: float | None = None
    is_reply: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Return the digest, or part of a digest, in `payload`.

        Raises:
            MalformedError: it is not a digest.
        """
        fields = load_object(payload)
        ages = dict(take.mapping(fields, "ages"))
        lag = take.number(fields, "queue_lag_seconds") if fields.get("queue_lag_seconds") is not None else None
        fields.pop("queue_lag_seconds", None)
        is_reply = fields.pop("is_reply", False)
        if not isinstance(is_reply, bool):
            raise MalformedError("type", f"is_reply must be a boolean, not {kind(is_reply)}")
        return cls(
            source=take.required_text(fields, "source"),
            ages={device_id: take.number(ages, device_id) for device_id in tuple(ages)},
            queue_lag_seconds=lag,
            is_reply=is_reply,
            extra=fields,
        )

    def parts(self) -> Iterator["Activity"]:
        """Yield the digest in parts of at most `MAX_PART_BYTES`: itself, or several with fewer devices."""
        part: dict[str, float] = {}
        size = _FRAME_BYTES
        for device_id, age in self.ages.items():
            more = len(dump(device_id)) + len(dump(age)) + 2
            if part and size + more > MAX_PART_BYTES:
                yield replace(self, ages=part)
                part, size = {}, _FRAME_BYTES
            part[device_id] = age
            size += more
        if part or not self.ages:
            yield replace(self, ages=part)

    def encode(self) -> bytes:
        """Return the payload."""
        known = {
            "source": self.source,
            "queue_lag_seconds": self.queue_lag_seconds,
            "is_reply": self.is_reply,
            "ages": self.ages,
        }
        return dump(with_extra(known, self.extra))
