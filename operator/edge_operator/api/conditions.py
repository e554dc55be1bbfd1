"""Conditions, as the Kubernetes API conventions define them."""

from typing import Annotated, Literal

from pydantic import Field

from .schema import ApiModel, list_map

ConditionStatus = Literal["True", "False", "Unknown"]
Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339 in UTC with seconds, such as 2026-11-24T04:18:00Z."""


class Condition(ApiModel):
    """One aspect of the state, as last observed."""

    type: Annotated[str, Field(max_length=316)]
    """Which aspect."""

    status: ConditionStatus
    """Whether it holds."""

    observed_generation: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] | None = None
    """The metadata.generation that this was said of."""

    last_transition_time: Timestamp
    """When the status last flipped."""

    reason: Annotated[str, Field(min_length=1, max_length=1024)]
    """A word in CamelCase for programs; docs/conditions.md lists all with the next step."""

    message: Annotated[str, Field(max_length=32768)]
    """A sentence for people: what is so, and what to do."""


Conditions = Annotated[list[Condition] | None, Field(max_length=32, json_schema_extra=list_map("type"))]
