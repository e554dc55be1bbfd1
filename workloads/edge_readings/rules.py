"""The site's alert rules, from its spec."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edge_wire.goduration import parse_duration
from edge_wire.messages import MalformedError
from edge_wire.messages.document import load_object

_DECIMAL = re.compile(r"[-+]?\d+(\.\d+)?", re.ASCII)
_SEVERITIES = ("Info", "Warning", "Critical")


class RulesError(ValueError):
    """The rules are invalid; the message names the rule, the field and what is valid."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a reading raises an alert, and when that alert clears.

    Attributes:
        threshold: the alert starts beyond it; in the unit after conversion.
        is_above: whether beyond means greater; otherwise it means less.
        clear: the alert clears at this value or on its other side; in the unit of the threshold.
        for_seconds: seconds that the value must stay beyond the threshold before the alert starts.
    """

    name: str
    sensor_type: str
    threshold: float
    is_above: bool
    clear: float
    for_seconds: float
    severity: str

    def is_beyond(self, value: float) -> bool:
        """Whether `value` is beyond the threshold."""
        return value > self.threshold if self.is_above else value < self.threshold

    def is_back(self, value: float) -> bool:
        """Whether `value` clears a firing alert."""
        return value <= self.clear if self.is_above else value >= self.clear


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of a site, by sensor type."""

    by_sensor_type: Mapping[str, tuple[Rule, ...]]

    @classmethod
    def parse(cls, payload: bytes) -> "Rules":
        """Return the rules in a rules file: `{"rules": […]}`.

        Raises:
            RulesError: it contains no valid rules.
        """
        try:
            document = load_object(payload)
        except MalformedError as error:
            raise RulesError(f"the rules are not usable: {error.message}") from None
        rules = document.get("rules")
        if not isinstance(rules, list):
            raise RulesError('the rules must be a JSON object with the array "rules"')
        return cls.from_objects(rules)

    @classmethod
    def from_objects(cls, documents: Iterable[Any]) -> "Rules":
        """Return the rules in a JSON array.

        Raises:
            RulesError: one of them is invalid, or two have the same name.
        """
        rules: dict[str, Rule] = {}
        for index, document in enumerate(documents):
            rule = _rule(document, index)
            if rule.name in rules:
                raise RulesError(f"two rules are named {rule.name}: give each its own name")
            rules[rule.name] = rule
        by_sensor_type: dict[str, tuple[Rule, ...]] = {}
        for rule in rules.values():
            by_sensor_type[rule.sensor_type] = (*by_sensor_type.get(rule.sensor_type, ()), rule)
        return cls(by_sensor_type)

    @property
    def names(self) -> frozenset[str]:
        """The names of all rules."""
        return frozenset(rule.name for rules in self.by_sensor_type.values() for rule in rules)

    def about(self, sensor_type: str) -> tuple[Rule, ...]:
        """Return the rules for readings of `sensor_type`."""
        return self.by_sensor_type.get(sensor_type, ())


def _rule(document: Any, index: int) -> Rule:
    if not isinstance(document, dict):
        raise RulesError(f"rule {index} must be a JSON object")
    name = document.get("name")
    if not isinstance(name, str) or not name:
        raise RulesError(f"rule {index}: name is missing: give it a name of its own")
    sensor_type = document.get("sensorType")
    if not isinstance(sensor_type, str) or not sensor_type:
        raise RulesError(
            f"rule {name}: sensorType is missing: set the sensor type of its readings, such as temperature"
        )
    above, below = _decimal(name, document, "above"), _decimal(name, document, "below")
    threshold = below if above is None else above
    if threshold is None or (above is not None and below is not None):
        raise RulesError(f"rule {name}: needs exactly one of above and below")
    clear = _decimal(name, document, "clear")
    rule = Rule(
        name=name,
        sensor_type=sensor_type,
        threshold=threshold,
        is_above=above is not None,
        clear=threshold if clear is None else clear,
        for_seconds=_duration(name, document.get("for")),
        severity=_severity(name, document.get("severity")),
    )
    if rule.is_beyond(rule.clear):
        raise RulesError(f"rule {name}: clear lies beyond the threshold, so no alert could stay on")
    return rule


def _decimal(name: str, document: Mapping[str, Any], field: str) -> float | None:
    given = document.get(field)
    if given is None:
        return None
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if is_number or (isinstance(given, str) and _DECIMAL.fullmatch(given)):
        value = float(given)
        if math.isfinite(value):
            return value
    raise RulesError(f"rule {name}: {field} must be a decimal number, such as 80 or '80.5'")


def _duration(name: str, given: Any) -> float:
    if given is None:
        return 0.0
    if not isinstance(given, str):
        raise RulesError(f"rule {name}: for must be a duration, such as 30s")
    try:
        return parse_duration(given)
    except ValueError as error:
        raise RulesError(f"rule {name}: for: {error}") from None


def _severity(name: str, given: Any) -> str:
    if given is None:
        return "Warning"
    if given not in _SEVERITIES:
        raise RulesError(f"rule {name}: severity must be one of {', '.join(_SEVERITIES)}")
    return str(given)
