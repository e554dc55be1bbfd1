"""The site's rules of report by exception, from its spec. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from edge_wire.goduration import parse_duration
from edge_wire.messages import MalformedError
from edge_wire.messages.document import load_object

_DECIMAL = re.compile(r"\+?\d+(\.\d+)?", re.ASCII)


class ForwardingError(ValueError):
    """The rules are invalid; the message names the rule, the field and what is valid."""


@dataclass(frozen=True, slots=True)
class ForwardingRule:
    """Which readings of a sensor type are forwarded.

    Attributes:
        deadband: a value that differs from the last forwarded one by no more is not forwarded; None for no such limit.
        min_interval: minimum seconds between two forwarded readings.
        max_interval: seconds after which the next reading is forwarded in any case; None for no such limit.
    """

    deadband: Decimal | None = None
    min_interval: float = 0.0
    max_interval: float | None = None


Rules = Mapping[str, ForwardingRule]
"""By sensor type; readings of all others are forwarded."""


def parse_rules(payload: bytes) -> tuple[Rules, tuple[str, ...]]:
    """Return the valid rules in a file `{"forwarding": [{"sensorType": …, "deadband": …, …}]}`, and what others lack.

    Each problem of a rule names the rule, the field and what is valid. Of two rules for a sensor type the first counts.

    Raises:
        ForwardingError: it is not such a file.
    """
    try:
        document = load_object(payload)
    except MalformedError as error:
        raise ForwardingError(f"the forwarding rules are not usable: {error.message}") from None
    listed = document.get("forwarding")
    if not isinstance(listed, list):
        raise ForwardingError('the forwarding rules must be a JSON object with the array "forwarding"')
    rules: dict[str, ForwardingRule] = {}
    problems: list[str] = []
    for index, each in enumerate(listed):
        try:
            sensor_type, rule = _rule(each, index)
        except ForwardingError as error:
            problems.append(str(error))
            continue
        if sensor_type in rules:
            problems.append(f"two forwarding rules are for {sensor_type}: remove one of them")
        rules.setdefault(sensor_type, rule)
    return rules, tuple(problems)


def _rule(document: Any, index: int) -> tuple[str, ForwardingRule]:
    if not isinstance(document, dict):
        raise ForwardingError(f"forwarding rule {index} must be a JSON object")
    sensor_type = document.get("sensorType")
    if not isinstance(sensor_type, str) or not sensor_type:
        raise ForwardingError(
            f"forwarding rule {index}: sensorType is missing: set the sensor type of its readings, such as temperature"
        )
    least, most = _seconds(sensor_type, document, "minInterval"), _seconds(sensor_type, document, "maxInterval")
    if least is not None and most is not None and most < least:
        raise ForwardingError(f"forwarding rule {sensor_type}: maxInterval must not be shorter than minInterval")
    return sensor_type, ForwardingRule(_deadband(sensor_type, document.get("deadband")), least or 0.0, most)


def _deadband(sensor_type: str, given: Any) -> Decimal | None:
    if given is None:
        return None
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    text = repr(given) if is_number else given
    if isinstance(text, str) and (is_number or _DECIMAL.fullmatch(text)):
        value = Decimal(text)
        if value.is_finite() and value >= 0:
            return value
    raise ForwardingError(
        f"forwarding rule {sensor_type}: deadband must be a decimal number of 0 or more, such as 0.5 or '0.5'"
    )


def _seconds(sensor_type: str, document: Mapping[str, Any], field: str) -> float | None:
    given = document.get(field)
    if given is None:
        return None
    if not isinstance(given, str):
        raise ForwardingError(f"forwarding rule {sensor_type}: {field} must be a duration, such as 30s")
    try:
        return parse_duration(given)
    except ValueError as error:
        raise ForwardingError(f"forwarding rule {sensor_type}: {field}: {error}") from None
