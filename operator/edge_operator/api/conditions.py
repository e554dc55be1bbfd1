"""Conditions, as the Kubernetes API conventions define them."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from .schema import ApiModel, list_map

ConditionStatus = Literal["True", "False", "Unknown"]
Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339 in UTC with seconds, such as 2026-11-24T04:18:00Z."""


class Condition(ApiModel):
    """Observed state of one aspect of the resource."""

    type: Annotated[str, Field(max_length=316)]
    """Type of the condition, in CamelCase."""

    status: ConditionStatus
    """Status of the condition: True, False or Unknown."""

    observed_generation: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] | None = None
    """The metadata.generation that this condition was computed for."""

    last_transition_time: Timestamp
    """Time at which the status last changed."""

    reason: Annotated[str, Field(min_length=1, max_length=1024)]
    """Reason for the status, in CamelCase, for programs. docs/conditions.md lists every reason with the next step."""

    message: Annotated[str, Field(max_length=32768)]
    """Message for people: the cause, and what to do about it."""


Conditions = Annotated[list[Condition] | None, Field(max_length=32, json_schema_extra=list_map("type"))]


def find_condition(status: Mapping[str, Any], condition_type: str) -> Mapping[str, Any]:
    """Return the condition of a type; `{}` if there is none.

    Args:
        status: status of any object that has conditions, as JSON.
        condition_type: type of the condition.
    """
    found: Mapping[str, Any]
    for found in status.get("conditions") or ():
        if found["type"] == condition_type:
            return found
    return {}
