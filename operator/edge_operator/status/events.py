"""Which transitions deserve a Kubernetes Event. Pure: one Event for each transition, none while nothing changes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edge_liveness import Phase, Transition
from edge_operator.api.conditions import find_condition
from edge_wire.messages import StatusFault

from . import reasons
from .certificates import FROM_CERTIFICATES
from .connectivity import CONNECTED, Connectivity
from .facts import Notice
from .readiness import POD_REASONS
from .sinks import FROM_SINKS, present_sinks, waiting
from .status_fault import CONDITION, fault_condition
from .storage_conditions import FROM_STORE

NORMAL, WARNING = "Normal", "Warning"

LOST = frozenset({reasons.LAST_WILL, reasons.HEARTBEAT_EXPIRED})
"""Reasons of a device that is offline on which somebody may have to act."""


@dataclass(frozen=True, slots=True)
class Event:
    """An Event, without the object that it is about.

    Attributes:
        severity: Normal or Warning.
        reason: reason in CamelCase, for programs.
        note: message for people.
    """

    severity: str
    reason: str
    note: str


ONLINE = frozenset({reasons.HEARTBEAT_RECEIVED})
"""Reasons of a device that is online."""

StatusEvents = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[Event, ...]]
"""Returns the Events for a change of a status, from the status before and after; `{}` if there was none."""


def site_events(
    before: Mapping[str, Any], after: Mapping[str, Any], notices: Iterable[Notice] = ()
) -> tuple[Event, ...]:
    """Return the Events for a change of a site's status: of the broker, the store, the phase, the notices.

    Args:
        before: the status before; `{}` if there was none.
        after: the status that was written.
        notices: notices in the message of its Ready condition.
    """
    return (
        *_broker_lost(before, after),
        *_appeared(before, after),
        *_sinks_changed(before, after),
        *_alert_sinks_changed(before, after),
        *_reported(before, after),
        *_phase_changed(before, after),
        *_noticed(before, notices),
    )


def device_events(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Event, ...]:
    """Return the Events for a change of the credentials in a device's status.

    Thousands of devices may be applied with their site, so a device gets an Event only if somebody has to act.
    """
    ready = find_condition(after, "Ready")
    if find_condition(before, "Ready").get("reason") == ready["reason"] or not find_condition(after, "Stalled"):
        return ()
    return (Event(WARNING, ready["reason"], ready["message"]),)


def connectivity_events(transition: Transition, connectivity: Connectivity) -> tuple[Event, ...]:
    """Return the Events for a transition of a device's liveness: it went offline, or came online (again).

    Args:
        transition: the transition.
        connectivity: liveness of the device now. If a later transition has replaced this one, it gets no Event.
    """
    present = connectivity.phase, connectivity.reason
    if transition.is_site_wide or present != (transition.phase, transition.reason) or not _is_news(transition):
        return ()
    severity = WARNING if connectivity.reason in LOST else NORMAL
    return (Event(severity, connectivity.reason, f"{connectivity.phase}: {CONNECTED[connectivity.reason].message}"),)


def fault_event(fault: StatusFault) -> Event:
    """Return the Event of a device with a status that cannot be read."""
    return Event(WARNING, CONDITION, fault_condition(fault).message)


def mass_disconnect_event(devices: int) -> Event:
    """Return the Event of a site that lost many devices at once."""
    return Event(
        WARNING,
        reasons.MASS_LAST_WILL,
        f"{devices} devices lost their connections at the same time: check the gateway and the network of the site",
    )


def summary_event(counts: Mapping[str, int]) -> Event:
    """Return the Event of a site that summarizes those of its devices beyond the budget.

    Args:
        counts: number of transitions by reason.
    """
    online = sum(count for reason, count in counts.items() if reason in ONLINE)
    offline = {reason: count for reason, count in counts.items() if reason not in ONLINE}
    notes = [_devices_are(online, Phase.ONLINE)] if online else []
    if offline:
        causes = ", ".join(f"{count} {reason}" for reason, count in sorted(offline.items()))
        notes.append(f"{_devices_are(sum(offline.values()), Phase.OFFLINE)} ({causes})")
    note = "; ".join(notes) + "; besides devices with an Event of their own"
    return Event(WARNING if LOST & counts.keys() else NORMAL, reasons.DEVICES_CHANGED, note)


def _devices_are(count: int, phase: Phase) -> str:
    return f"1 device is {phase}" if count == 1 else f"{count} devices are {phase}"


def _broker_lost(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Event, ...]:
    """Return one Event for a site that loses its broker, instead of one for each of its devices."""
    lost = find_condition(after, "BrokerConnected")
    if find_condition(before, "BrokerConnected").get("status") != "True" or lost.get("status") != "False":
        return ()
    return (Event(WARNING, lost["reason"], lost["message"]),)


def _sinks_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Event, ...]:
    """Return an Event if the cloud or Kafka cannot be delivered to, also if the reason differs, or can be again."""
    events = []
    for condition_type in FROM_SINKS:
        was, now = _configured(before, condition_type), _configured(after, condition_type)
        if now.get("status") == "False" and was.get("reason") != now["reason"]:
            events.append(Event(WARNING, now["reason"], now["message"]))
        elif now.get("status") == "True" and was.get("status") == "False":
            events.append(Event(NORMAL, now["reason"], now["message"]))
    return tuple(events)


def _configured(status: Mapping[str, Any], condition_type: str) -> Mapping[str, Any]:
    """Return the condition of a sink; `{}` if it is not configured."""
    found = find_condition(status, condition_type)
    return {} if found.get("reason") == reasons.NOT_CONFIGURED else found


def _alert_sinks_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Event, ...]:
    """Return an Event for each sink of alerts, which has no condition, that cannot be delivered to, or can be again."""
    present, events = present_sinks(before), []
    for name, sink in present_sinks(after).items():
        was_connected = present[name].connected if name in present else True
        if name in FROM_SINKS.values() or was_connected == sink.connected:
            continue
        if sink.connected:
            events.append(Event(NORMAL, reasons.ALERTS_DELIVERED, f"connected to {name}; {waiting(sink)}"))
        else:
            note = f"cannot deliver to {name}: {sink.last_error}; {waiting(sink)}: check spec.alerting and the network"
            events.append(Event(WARNING, reasons.ALERTS_NOT_DELIVERED, note))
    return tuple(events)


def _appeared(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Event, ...]:
    """Return an Event for each condition of the store, and for BrokerDropping, that was not there before."""
    shown = ("BrokerDropping", *FROM_STORE)
    new = (find_condition(after, each) for each in shown if not find_condition(before, each))
    return tuple(Event(WARNING, each["reason"], each["message"]) for each in new if each)


def _reported(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Event, ...]:
    """Return an Event for each loss of data of the broker, and each change of what is wrong with certificates.

    None if the Ready condition has the same reason: it has an Event of its own.
    """
    ready, events = find_condition(after, "Ready"), []
    for condition_type in ("BrokerDataLost", *FROM_CERTIFICATES):
        was, now = find_condition(before, condition_type), find_condition(after, condition_type)
        if now and now["message"] != was.get("message") and now["reason"] != ready["reason"]:
            events.append(Event(WARNING, now["reason"], now["message"]))
    return tuple(events)


def _phase_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Event, ...]:
    """Return an Event if the phase, or the reason of the Ready condition, has changed.

    That a pod starts, for which the reason was another one, is shown by the next change of the phase.
    """
    phase, ready = after["phase"], find_condition(after, "Ready")
    was = before.get("phase"), find_condition(before, "Ready").get("reason")
    if was == (phase, ready["reason"]):
        return ()
    if was[0] == phase and was[1] in POD_REASONS and ready["reason"] == reasons.COMPONENTS_NOT_READY:
        return ()
    return (Event(WARNING if phase == "Degraded" else NORMAL, ready["reason"], f"{phase}: {ready['message']}"),)


def _noticed(before: Mapping[str, Any], notices: Iterable[Notice]) -> tuple[Event, ...]:
    """Return an Event for each notice that was not in the message of the Ready condition before."""
    message = find_condition(before, "Ready").get("message", "")
    return tuple(Event(WARNING, each.reason, each.message) for each in notices if each.message not in message)


def _is_news(transition: Transition) -> bool:
    if transition.phase is Phase.OFFLINE:
        return True
    return transition.phase is Phase.ONLINE and transition.previous in {Phase.OFFLINE, Phase.PENDING}
