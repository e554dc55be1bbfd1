"""Conditions of a device's identity: named checks in order, the first answer wins. Its life is told elsewhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .facts import Problem
from .said import Said, comparable, first, join, listed, stalled, worst

ASPECTS = ("Ready", "CredentialsReady", "Reconciling", "Stalled")
"""The types of the conditions that the reconcile owns; the last two are present only while true (kstatus)."""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """Everything that the conditions of a device's identity are computed from.

    Attributes:
        generation: metadata.generation that was acted on.
        device_id: the identifier in effect.
        secret_name: name of the Secret with its login.
        host: where it connects; empty while the site does not say.
        in_cluster_only: whether `host` means something inside the cluster only.
        managed_broker: whether the operator runs the broker, and so gives out the logins.
        own_password: whether the user brings the password, in the Secret `secret_name`.
        leaving: objects that must be gone before they can be made anew.
        problems: what went wrong, gravest first.
    """

    generation: int
    device_id: str
    secret_name: str = ""
    host: str = ""
    in_cluster_only: bool = False
    managed_broker: bool = True
    own_password: bool = False
    leaving: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


Check = Callable[[DeviceFacts], Said | None]


def _problem(facts: DeviceFacts) -> Said | None:
    return worst(facts.problems)


def _replacing(facts: DeviceFacts) -> Said | None:
    if not facts.leaving:
        return None
    return Said("False", "WaitingForDeletion", "still being deleted: " + listed(facts.leaving))


def _theirs(facts: DeviceFacts) -> Said | None:
    if facts.managed_broker:
        return None
    return Said("Unknown", "ExternalBroker", "the login is given out by whoever runs the site's external broker")


def _brought(facts: DeviceFacts) -> Said | None:
    if not facts.own_password:
        return None
    return Said("True", "ExistingSecret", f"the password is that of the Secret {facts.secret_name}")


def _inside(facts: DeviceFacts) -> Said | None:
    if not facts.in_cluster_only:
        return None
    message = (
        f"the login is in the Secret {facts.secret_name}; its host {facts.host} is known in the cluster only: set"
        " gateway.service.externalAddress of the site for devices outside"
    )
    return Said("True", "InClusterOnly", message)


def _issued(facts: DeviceFacts) -> Said:
    return Said("True", "CredentialsIssued", f"the login is in the Secret {facts.secret_name}")


def _ready(_facts: DeviceFacts) -> Said:
    return Said("True", "Reconciled", "the site exists and the identifier is this device's")


READY: tuple[Check, ...] = (_problem, _replacing, _ready)
CREDENTIALS_READY: tuple[Check, ...] = (_problem, _theirs, _replacing, _brought, _inside, _issued)


def say(facts: DeviceFacts) -> dict[str, Said]:
    """Return what is said of each aspect of a device's identity."""
    ready, stuck = first(READY, facts), stalled(facts.problems)
    said = {"Ready": ready, "CredentialsReady": first(CREDENTIALS_READY, facts)}
    if stuck is not None:
        return said | {"Stalled": stuck}
    return said if ready.status == "True" else said | {"Reconciling": Said("True", ready.reason, ready.message)}


def device_update(facts: DeviceFacts, before: Mapping[str, Any], now: str) -> dict[str, Any] | None:
    """Return the part of a device's status that the reconcile owns; None where `before` says so already.

    Args:
        facts: what was observed.
        before: the status as it stands; `{}` if there is none.
        now: RFC 3339 in UTC.
    """
    status = {
        "observedGeneration": facts.generation,
        "deviceId": facts.device_id,
        "conditions": join(before.get("conditions") or (), say(facts), facts.generation, now),
    }
    return status if _comparable(status) != _comparable(before) else None


def _comparable(status: Mapping[str, Any]) -> tuple[object, ...]:
    conditions = comparable(status.get("conditions") or (), ASPECTS)
    return status.get("observedGeneration"), status.get("deviceId"), conditions
