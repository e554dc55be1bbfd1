"""The status of a site, from what was observed and what was said before."""

from collections.abc import Mapping
from typing import Any

from .conditions import ASPECTS, phase, say
from .facts import SiteFacts
from .said import Said, comparable, join


def site_status(facts: SiteFacts, before: Mapping[str, Any], now: str) -> dict[str, Any]:
    """Return the part of a site's status that the reconcile owns.

    Args:
        facts: what was observed.
        before: the status as it stands; `{}` if there is none.
        now: RFC 3339 in UTC.
    """
    said = say(facts)
    said["BrokerConnected"] = _steady(said["BrokerConnected"], before)
    if facts.broker is None and (kept := _told("BrokerDropping", before)):
        said["BrokerDropping"] = kept
    status: dict[str, Any] = {
        "observedGeneration": facts.generation,
        "phase": phase(facts, said, before),
        "conditions": join(before.get("conditions") or (), said, facts.generation, now),
        "components": [
            {"name": part.name, "ready": part.ready, "desired": part.desired, "image": part.image}
            for part in facts.components
        ],
    }
    if facts.endpoints:
        status["endpoints"] = dict(facts.endpoints)
    devices = before.get("devices") if facts.devices is None else facts.devices.to_status()
    if devices is not None:
        status["devices"] = dict(devices)
    return status


def _steady(broker: Said, before: Mapping[str, Any]) -> Said:
    """Return what is said of the broker; what was said stands while a new leader asks, or where only words differ.

    The words of a connection name its address, and differ where it is another; those of a failure differ each time.
    """
    was = _told("BrokerConnected", before)
    if was is None:
        return broker
    fails_alike = broker.status == was.status == "False" and broker.reason == was.reason
    return was if broker.status == "Unknown" or fails_alike else broker


def _told(aspect: str, before: Mapping[str, Any]) -> Said | None:
    """Return what was said of an aspect; None if nothing was."""
    told = (each for each in before.get("conditions") or () if each["type"] == aspect)
    return next((Said(each["status"], each["reason"], each["message"]) for each in told), None)


def site_update(facts: SiteFacts, before: Mapping[str, Any], now: str) -> dict[str, Any] | None:
    """Return the status to write; None where `before` says so already. Arguments as of `site_status`."""
    status = site_status(facts, before, now)
    return status if differs(status, before) else None


OWNED = ("observedGeneration", "phase", "endpoints", "devices")
"""The fields of the status that the reconcile owns, beside the conditions and the components."""


def differs(status: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Return whether writing `status` over `before` would change anything.

    Conditions that others have added are none of ours, and the order of lists with keys says nothing.
    """
    return _comparable(status) != _comparable(before)


def _comparable(status: Mapping[str, Any]) -> tuple[object, ...]:
    conditions = comparable(status.get("conditions") or (), ASPECTS)
    components = {part["name"]: part for part in status.get("components") or ()}
    return (*(status.get(field) for field in OWNED), conditions, components)
