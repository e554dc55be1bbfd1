"""Roster entries: the properties of EdgeDevices that the gateway needs."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from edge_wire.messages import fields as take
from edge_wire.messages.document import dump, load_object, with_extra
from edge_wire.messages.malformed import MalformedError
from edge_wire.messages.reading import check_sender
from edge_wire.messages.timestamps import format_timestamp, required_timestamp

_PRESENCES = ("Connected", "Intermittent")


@dataclass(frozen=True, slots=True)
class RosterLiveness:
    """The liveness of a device in the status of its EdgeDevice, which a gateway starts from.

    Attributes:
        phase: Online, Offline, Unknown, Pending or Disabled.
        reason: reason for the phase.
        since: when the phase changed (UTC).
    """

    phase: str
    reason: str
    since: dt.datetime

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Return the liveness in a JSON object.

        Raises:
            MalformedError: a field is missing or has another type.
        """
        rest = dict(fields)
        return cls(
            take.required_text(rest, "phase"), take.required_text(rest, "reason"), required_timestamp(rest, "since")
        )

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {"phase": self.phase, "reason": self.reason, "since": format_timestamp(self.since)}


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """The payload of `edge/roster/{id}`.

    Attributes:
        name: the device's displayName, for people.
        attributes: other properties.
        heartbeat_interval_seconds: interval of its heartbeats; None if unset.
        offline_after_seconds: silence after which it is Offline; None if unset.
        presence: the meaning of the loss of its connection.
        disabled: whether it may not connect.
        rotation: number of its current password.
        cloud_commands: whether the cloud may send it commands; entries of older operators do not have it.
        uid: of its EdgeDevice, which differs if it is deleted and created again; empty if unknown.
        site: namespace and name of its EdgeSite: the author, if several sites share a broker.
        liveness: in its status; None if it has none, and in entries of older operators.
        extra: unknown fields.
    """

    id: str
    name: str = ""
    type: str = ""
    location: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    heartbeat_interval_seconds: float | None = None
    offline_after_seconds: float | None = None
    presence: Literal["Connected", "Intermittent"] = "Connected"
    disabled: bool = False
    rotation: int = 0
    cloud_commands: bool = False
    uid: str = ""
    site: str = ""
    liveness: RosterLiveness | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, payload: bytes, device_id: str) -> Self:
        """Return the entry of `device_id` in `payload`.

        Raises:
            MalformedError: it is not an entry, or names another device.
        """
        fields = load_object(payload)
        check_sender(fields, "id", device_id)
        return cls(
            id=device_id,
            name=take.text(fields, "name"),
            type=take.text(fields, "type"),
            location=take.text(fields, "location"),
            attributes=take.mapping(fields, "attributes"),
            heartbeat_interval_seconds=_seconds(fields, "heartbeat_interval_seconds"),
            offline_after_seconds=_seconds(fields, "offline_after_seconds"),
            presence=_presence(fields),
            disabled=take.flag(fields, "disabled"),
            rotation=_rotation(fields),
            cloud_commands=take.flag(fields, "cloud_commands"),
            uid=take.text(fields, "uid"),
            site=take.text(fields, "site"),
            liveness=_liveness(fields),
            extra=fields,
        )

    def is_of_another(self, other: Self | None) -> bool:
        """Return whether `other` is certainly of another EdgeDevice."""
        return other is not None and "" not in {self.uid, other.uid} and self.uid != other.uid

    def encode(self) -> bytes:
        """Return the payload; equal entries have equal payloads."""
        known = {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "location": self.location,
            "attributes": self.attributes,
            "heartbeat_interval_seconds": self.heartbeat_interval_seconds,
            "offline_after_seconds": self.offline_after_seconds,
            "presence": self.presence,
            "disabled": self.disabled,
            "rotation": self.rotation,
            "cloud_commands": self.cloud_commands,
            "uid": self.uid,
            "site": self.site,
            "liveness": self.liveness.to_object() if self.liveness else None,
        }
        return dump(with_extra(known, self.extra))


def _seconds(fields: dict[str, Any], name: str) -> float | None:
    if fields.get(name) is None:
        fields.pop(name, None)
        return None
    seconds = take.number(fields, name)
    if seconds <= 0:
        raise MalformedError("field", f"{name} must be a number above 0")
    return seconds


def _presence(fields: dict[str, Any]) -> Literal["Connected", "Intermittent"]:
    if fields.get("presence") is None:
        fields.pop("presence", None)
        return "Connected"
    return "Intermittent" if take.one_of(fields, "presence", _PRESENCES) == "Intermittent" else "Connected"


def _liveness(fields: dict[str, Any]) -> RosterLiveness | None:
    found = take.mapping(fields, "liveness")
    return RosterLiveness.parse(found) if found else None


def _rotation(fields: dict[str, Any]) -> int:
    if fields.get("rotation") is None:
        fields.pop("rotation", None)
        return 0
    number = take.whole_number(fields, "rotation")
    if number is None or number < 0:
        raise MalformedError("field", "rotation must be a whole number, 0 or more")
    return number
