"""The liveness of a device in its status: phase, reason, the condition Connected, reported values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from edge_liveness import MAX_SESSION_CHARACTERS
from edge_operator.api.conditions import find_condition
from edge_wire.messages import StatusFault

from . import reasons
from .condition_value import ConditionValue, merge_conditions
from .status_fault import CONDITION, fault_condition

CONNECTED: Mapping[str, ConditionValue] = MappingProxyType(
    {
        value.reason: value
        for value in (
            ConditionValue("True", reasons.HEARTBEAT_RECEIVED, "the device sends messages"),
            ConditionValue("False", reasons.DISCONNECTED, "the device disconnected in good order"),
            ConditionValue(
                "False",
                reasons.LAST_WILL,
                "the broker lost the connection to the device: check its power and its network",
            ),
            ConditionValue("False", reasons.HEARTBEAT_EXPIRED, "no message of the device arrived for offlineAfter"),
            ConditionValue(
                "Unknown",
                reasons.SITE_UNREACHABLE,
                "the operator is not connected to the site's broker: see the site's condition BrokerConnected",
            ),
            ConditionValue(
                "Unknown",
                reasons.BROKER_RESTARTED,
                "the only data of the device are from before the operator or the broker started: wait for its next"
                " heartbeat",
            ),
            ConditionValue(
                "Unknown",
                reasons.NOT_YET_SEEN,
                "no message of the device has ever arrived: give it its login and start it",
            ),
            ConditionValue(
                "Unknown",
                reasons.CREDENTIALS_PENDING,
                "the device has no login yet: see the condition CredentialsReady",
            ),
            ConditionValue(
                "False", reasons.DISABLED, "spec.disabled is true: the broker and the gateway reject the device"
            ),
        )
    }
)
"""Value of the condition Connected, by its reason."""


@dataclass(frozen=True, slots=True)
class Connectivity:
    """Liveness of a device, as rendered for its status.

    Attributes:
        phase: Online, Offline, Unknown, Pending or Disabled.
        reason: reason for the phase.
        since: time of the last change of the phase, RFC 3339.
        last_seen: time of the last message of the device, RFC 3339; empty if none.
        session: session in the last online status; empty if none.
        reported: values that the device reported about itself.
        fault: what cannot be read of its status; None if all can.
    """

    phase: str
    reason: str
    since: str
    last_seen: str = ""
    session: str = ""
    reported: Mapping[str, str] = field(default_factory=dict)
    fault: StatusFault | None = None

    @property
    def state(self) -> tuple[str, str, str]:
        """Phase, reason, and time of the last change."""
        return self.phase, self.reason, self.since


def is_wrong(connectivity: Connectivity, before: Mapping[str, Any]) -> bool:
    """Return whether phase, reason, their time or the conditions of liveness differ from those in the status.

    Of the condition StatusUnreadable only its presence counts: its reason may change with each message.
    """
    stored, value = before.get("connectivity") or {}, CONNECTED[connectivity.reason]
    present = before.get("phase"), stored.get("reason"), stored.get("sinceTime"), reported_conditions(before)
    conditions = value.status, value.reason, connectivity.fault is not None
    return present != (*connectivity.state, conditions)


def reported_conditions(before: Mapping[str, Any]) -> tuple[str | None, str | None, bool]:
    """Return status and reason of the condition Connected in a status, and whether it has StatusUnreadable."""
    connected = find_condition(before, "Connected")
    return connected.get("status"), connected.get("reason"), bool(find_condition(before, CONDITION))


def is_stale(connectivity: Connectivity, before: Mapping[str, Any]) -> bool:
    """Return whether other values differ from those in the status: last message, session, reported values."""
    stored = before.get("connectivity") or {}
    seen = stored.get("lastSeenTime", ""), stored.get("session", ""), before.get("reported") or {}
    return seen != (connectivity.last_seen, connectivity.session[:MAX_SESSION_CHARACTERS], connectivity.reported)


def connectivity_update(
    connectivity: Connectivity, before: Mapping[str, Any], generation: int, now: str
) -> dict[str, Any] | None:
    """Return the liveness part of a device's status; None if nothing changes.

    Args:
        connectivity: liveness of the device.
        before: the present status; `{}` if there is none.
        generation: metadata.generation that it was computed for.
        now: current time, RFC 3339 in UTC.
    """
    values = {"Connected": CONNECTED[connectivity.reason]}
    if connectivity.fault is not None:
        values[CONDITION] = fault_condition(connectivity.fault)
    if not (is_wrong(connectivity, before) or is_stale(connectivity, before)):
        return None
    fields = {"reason": connectivity.reason, "sinceTime": connectivity.since}
    if connectivity.last_seen:
        fields["lastSeenTime"] = connectivity.last_seen
    if connectivity.session:
        fields["session"] = connectivity.session[:MAX_SESSION_CHARACTERS]
    status: dict[str, Any] = {
        "phase": connectivity.phase,
        "connectivity": fields,
        "conditions": merge_conditions(before.get("conditions") or (), values, generation, now),
    }
    return status | {"reported": dict(connectivity.reported)} if connectivity.reported else status
