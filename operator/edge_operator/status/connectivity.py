"""The life of a device as its status tells it: phase, reason, the condition Connected, what it said of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from edge_liveness import LONGEST_SESSION

from .said import Said, join

CONNECTED: Mapping[str, Said] = MappingProxyType(
    {
        said.reason: said
        for said in (
            Said("True", "HeartbeatReceived", "the device sends messages"),
            Said("False", "Disconnected", "the device disconnected in good order"),
            Said("False", "LastWill", "the broker lost the connection to the device: check its power and its network"),
            Said("False", "HeartbeatExpired", "no message of the device arrived for offlineAfter"),
            Said(
                "Unknown",
                "SiteUnreachable",
                "the operator is not connected to the site's broker: see the site's condition BrokerConnected",
            ),
            Said("Unknown", "BrokerRestarted", "no message of the device arrived since the broker restarted"),
            Said("Unknown", "NotYetSeen", "no message of the device has ever arrived: give it its login and start it"),
            Said("Unknown", "CredentialsPending", "the device has no login yet: see the condition CredentialsReady"),
            Said("False", "Disabled", "spec.disabled is true: the broker and the gateway reject the device"),
        )
    }
)
"""What the condition Connected says, by the reason for it."""


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of a device's life, as it is to be told.

    Attributes:
        phase: Online, Offline, Unknown, Pending or Disabled.
        reason: why.
        since: when the phase last changed, RFC 3339.
        last_seen: when the device was last heard, RFC 3339; empty if never.
        session: the session that it named last; empty if none.
        reported: what it said of itself.
    """

    phase: str
    reason: str
    since: str
    last_seen: str = ""
    session: str = ""
    reported: Mapping[str, str] = field(default_factory=dict)


def has_turned(life: Life, before: Mapping[str, Any]) -> bool:
    """Return whether the status tells another phase than it should, or another reason for it, or another beginning."""
    told = before.get("connectivity") or {}
    return (before.get("phase"), told.get("reason"), told.get("sinceTime")) != (life.phase, life.reason, life.since)


def is_stale(life: Life, before: Mapping[str, Any]) -> bool:
    """Return whether the status lacks something that may wait: when the device was last seen, what it said."""
    told = before.get("connectivity") or {}
    seen = told.get("lastSeenTime", ""), told.get("session", ""), before.get("reported") or {}
    return seen != (life.last_seen, life.session[:LONGEST_SESSION], life.reported)


def life_update(life: Life, before: Mapping[str, Any], generation: int, now: str) -> dict[str, Any] | None:
    """Return the part of a device's status that tells of its life; None where `before` says so already.

    Args:
        life: what is known.
        before: the status as it stands; `{}` if there is none.
        generation: metadata.generation that it is said of.
        now: RFC 3339 in UTC.
    """
    said = CONNECTED[life.reason]
    if not (has_turned(life, before) or is_stale(life, before) or _unlike(said, before)):
        return None
    connectivity = {"reason": life.reason, "sinceTime": life.since}
    if life.last_seen:
        connectivity["lastSeenTime"] = life.last_seen
    if life.session:
        connectivity["session"] = life.session[:LONGEST_SESSION]
    status: dict[str, Any] = {
        "phase": life.phase,
        "connectivity": connectivity,
        "conditions": join(before.get("conditions") or (), {"Connected": said}, generation, now),
    }
    return status | {"reported": dict(life.reported)} if life.reported else status


def _unlike(said: Said, before: Mapping[str, Any]) -> bool:
    for condition in before.get("conditions") or ():
        if condition["type"] == "Connected":
            return (condition["status"], condition["reason"]) != (said.status, said.reason)
    return True
