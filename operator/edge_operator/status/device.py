"""Conditions of a device's credentials: named checks in order, the first result wins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import reasons
from .condition_value import (
    ConditionValue,
    comparable,
    first_result,
    listed,
    merge_conditions,
    stalled,
    truncated,
)
from .facts import Problem

CONDITION_TYPES = ("Ready", "CredentialsReady", "Reconciling", "Stalled")
"""Types of the conditions that the reconciler owns; the last two are present only while true (kstatus)."""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """Facts that the conditions of a device's credentials are computed from.

    Attributes:
        generation: metadata.generation that was reconciled.
        device_id: identifier in effect.
        secret_name: name of the Secret with the login.
        switch_time: when the broker accepts the next password, RFC 3339; empty if no rotation is under way.
        host: host at which the device connects; empty until the site has one.
        in_cluster_only: whether `host` resolves inside the cluster only.
        managed_broker: whether the operator runs the broker, and so issues the logins.
        user_password: whether the user provides the password, in the Secret `secret_name`.
        terminating: objects that are still being deleted: their replacements wait.
        problems: problems, the most severe first.
    """

    generation: int
    device_id: str
    secret_name: str = ""
    switch_time: str = ""
    host: str = ""
    in_cluster_only: bool = False
    managed_broker: bool = True
    user_password: bool = False
    terminating: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


Check = Callable[[DeviceFacts], ConditionValue | None]


def _problem(facts: DeviceFacts) -> ConditionValue | None:
    return listed(facts.problems)


def _replacing(facts: DeviceFacts) -> ConditionValue | None:
    if not facts.terminating:
        return None
    return ConditionValue("False", reasons.WAITING_FOR_DELETION, "still being deleted: " + truncated(facts.terminating))


def _theirs(facts: DeviceFacts) -> ConditionValue | None:
    if facts.managed_broker:
        return None
    return ConditionValue(
        "Unknown",
        reasons.EXTERNAL_BROKER,
        "the site's broker is external: create the login of this device on that broker; edge-stack issues none",
    )


def _brought(facts: DeviceFacts) -> ConditionValue | None:
    if not facts.user_password:
        return None
    return ConditionValue("True", reasons.EXISTING_SECRET, f"the password is that of the Secret {facts.secret_name}")


def _switch(facts: DeviceFacts) -> str:
    if not facts.switch_time:
        return ""
    return f", where nextPassword replaces password at {facts.switch_time}: give both to the device before that time"


def _inside(facts: DeviceFacts) -> ConditionValue | None:
    if not facts.in_cluster_only:
        return None
    message = (
        f"the login is in the Secret {facts.secret_name}{_switch(facts)}; its host {facts.host} can be reached only"
        " inside the cluster:"
        " set gateway.service.externalAddress of the site for devices outside"
    )
    return ConditionValue("True", reasons.IN_CLUSTER_ONLY, message)


def _issued(facts: DeviceFacts) -> ConditionValue:
    message = f"the login is in the Secret {facts.secret_name}{_switch(facts)}"
    return ConditionValue("True", reasons.CREDENTIALS_ISSUED, message)


def _ready(_facts: DeviceFacts) -> ConditionValue:
    return ConditionValue("True", reasons.RECONCILED, "the site exists and the identifier belongs to this device")


READY: tuple[Check, ...] = (_problem, _replacing, _ready)
CREDENTIALS_READY: tuple[Check, ...] = (_problem, _theirs, _replacing, _brought, _inside, _issued)


def evaluate(facts: DeviceFacts) -> dict[str, ConditionValue]:
    """Return the value of each condition of a device's credentials."""
    ready, stuck = first_result(READY, facts), stalled(facts.problems)
    values = {"Ready": ready, "CredentialsReady": first_result(CREDENTIALS_READY, facts)}
    if stuck is not None:
        return values | {"Stalled": stuck}
    if ready.status == "True":
        return values
    return values | {"Reconciling": ConditionValue("True", ready.reason, ready.message)}


def device_update(facts: DeviceFacts, before: Mapping[str, Any], now: str) -> dict[str, Any] | None:
    """Return the part of a device's status that the reconciler owns; None if nothing changes.

    Args:
        facts: the observed facts.
        before: the present status; `{}` if there is none.
        now: current time, RFC 3339 in UTC.
    """
    status = {
        "observedGeneration": facts.generation,
        "deviceId": facts.device_id,
        "conditions": merge_conditions(before.get("conditions") or (), evaluate(facts), facts.generation, now),
    }
    if facts.switch_time:
        status["passwordSwitchTime"] = facts.switch_time
    return status if device_status_differs(status, before) else None


def device_status_differs(status: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Return whether writing the reconciler's `status` over `before` would change anything."""
    return _comparable(status) != _comparable(before)


def _comparable(status: Mapping[str, Any]) -> tuple[object, ...]:
    conditions = comparable(status.get("conditions") or (), CONDITION_TYPES)
    return status.get("observedGeneration"), status.get("deviceId"), status.get("passwordSwitchTime"), conditions
