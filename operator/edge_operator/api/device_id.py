"""Identifiers of devices: one level of an MQTT topic and one segment of a URL."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from .schema import rule, rules

_PATTERN = "^[A-Za-z0-9._-]{1,64}$"
_MESSAGE = "must be of letters, digits, '.', '_' and '-', and neither '.' nor '..'"


def _check(device_id: str) -> str:
    """Return the identifier. An object of another schema may have an invalid one, which would end up in topics.

    Raises:
        ValueError: the identifier is invalid.
    """
    if device_id in {".", ".."} or not re.fullmatch(_PATTERN, device_id):
        raise ValueError(_MESSAGE)
    return device_id


DeviceId = Annotated[
    str,
    Field(
        max_length=64,
        json_schema_extra=rules(rule(f"self.matches('{_PATTERN}') && self != '.' && self != '..'", _MESSAGE)),
    ),
    AfterValidator(_check),
]
