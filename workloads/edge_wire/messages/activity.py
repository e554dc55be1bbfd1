"""Digests of which devices were heard, so that others need not hear every reading."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from edge_wire.messages import fields as take
from edge_wire.messages.document import dump, load_object
from edge_wire.messages.malformed import MalformedError, kind

MAX_PART_BYTES = 64 * 1024
"""Largest payload on `edge/activity`; longer digests go out in parts."""

_FRAME_BYTES = 1024
"""What a part needs beside its devices, generously."""


@dataclass(frozen=True, slots=True)
class Activity:
    """The payload of `edge/activity`.

    Ages instead of times: the receiver counts back from the arrival by its own clock, and no two clocks need agree.

    Attributes:
        source: The component that heard the devices.
        ages: Seconds between hearing each device and sending this, by device id.
        queue_lag_seconds: How long messages lay in the broker before the source read them, as it measured; None
            while it does not know, when nothing here proves that a device is alive now.
        is_reply: Whether this answers `edge/activity/request` with every device ever heard, however long ago.
        extra: Fields that nothing here knows.
    """

    source: str
    ages: Mapping[str, float]
    queue_lag_seconds: float | None = None
    is_reply: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Return the digest, or the part of one, in `payload`.

        Raises:
            MalformedError: It is none.
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
        """Yield this in parts whose payloads have at most `MAX_PART_BYTES`: itself, or several with fewer devices."""
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
        """Return the payload that says this."""
        known = {
            "source": self.source,
            "queue_lag_seconds": self.queue_lag_seconds,
            "is_reply": self.is_reply,
            "ages": self.ages,
        }
        return dump(known | {name: value for name, value in self.extra.items() if name not in known})
