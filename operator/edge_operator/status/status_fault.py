"""The condition StatusUnreadable of a device, from what cannot be read of its status."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from edge_operator.api.conditions import find_condition
from edge_wire.messages import StatusFault

from . import reasons
from .condition_value import ConditionValue

CONDITION = reasons.STATUS_UNREADABLE

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "utf8": reasons.ENCODING_INVALID,
        "json": reasons.JSON_INVALID,
        "empty": reasons.WORD_INVALID,
        "field": reasons.WORD_INVALID,
        "type": reasons.FIELD_INVALID,
        "depth": reasons.NESTED_TOO_DEEP,
        "too_large": reasons.TOO_LARGE,
        "impersonation": reasons.NAMES_ANOTHER_DEVICE,
    }
)
"""Reasons of the condition, by that of the fault."""

_FAULTS = {reason: fault for fault, reason in REASONS.items()}

_ADVICE = ". The device counts as alive: correct what it publishes as its status"


def fault_condition(fault: StatusFault) -> ConditionValue:
    """Return the condition."""
    return ConditionValue("True", REASONS[fault.reason], fault.message + _ADVICE)


def stored_fault(status: Mapping[str, Any]) -> StatusFault | None:
    """Return the fault that a device's status shows; None if it shows none."""
    condition = find_condition(status, CONDITION)
    reason = _FAULTS.get(str(condition.get("reason", "")))
    return None if reason is None else StatusFault(reason, str(condition.get("message", "")).removesuffix(_ADVICE))
