"""Rules are read as the site's spec gives them, and refused by name."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.desired.defaults import RULES
from edge_operator.desired.encoding import as_given
from edge_readings.rules import Rule, Rules, RulesError

LEAST = {"name": "hot", "sensorType": "temperature", "above": 80}


def _one(**fields: Any) -> Rule:
    return Rules.from_objects([LEAST | fields]).about("temperature")[0]


def test_the_least_rule() -> None:
    assert _one() == Rule("hot", "temperature", 80.0, is_above=True, clear=80.0, for_seconds=0.0, severity="Warning")


def test_the_whole_rule() -> None:
    rule = Rules.parse(
        b'{"rules":[{"name":"cold","sensorType":"t","below":"-10.5","clear":-8,"for":"1m30s","severity":"Critical"}]}'
    ).about("t")[0]

    assert rule == Rule("cold", "t", -10.5, is_above=False, clear=-8.0, for_seconds=90.0, severity="Critical")


def test_the_operators_defaults_are_rules() -> None:
    rules = Rules.parse(json.dumps({"rules": [as_given(rule) for rule in RULES]}).encode())

    assert rules.names == {"temperature-high", "pressure-high", "humidity-high"}


def test_rules_are_found_by_what_they_are_about() -> None:
    rules = Rules.from_objects(
        [LEAST, LEAST | {"name": "hotter", "above": 90}, LEAST | {"name": "x", "sensorType": "x"}]
    )

    assert [rule.name for rule in rules.about("temperature")] == ["hot", "hotter"]
    assert rules.about("humidity") == ()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "rule 0: name is missing"),
    ({"name": 5}, "rule 0: name is missing"),
    ({"sensorType": ""}, "rule hot: sensorType is missing"),
    ({"sensorType": 5}, "rule hot: sensorType is missing"),
    ({"sensorType": None}, "rule hot: sensorType is missing"),
    ({"above": None}, "rule hot: needs exactly one of above and below"),
    ({"below": 1}, "rule hot: needs exactly one of above and below"),
    ({"above": "80 °C"}, "rule hot: above must be a decimal number"),
    ({"above": True}, "rule hot: above must be a decimal number"),
    ({"above": "1" * 400}, "rule hot: above must be a decimal number"),
    ({"clear": 81}, "rule hot: clear lies beyond the threshold"),
    ({"for": "1d"}, "rule hot: for: must be a duration"),
    ({"for": 5}, "rule hot: for must be a duration"),
    ({"severity": "Grave"}, "rule hot: severity must be one of"),
    ({"severity": []}, "rule hot: severity must be one of"),
]


@pytest.mark.parametrize(("fields", "message"), WRONG)
def test_a_wrong_rule_is_named(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RulesError) as refused:
        _one(**fields)

    assert message in str(refused.value)


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"rules":{}}', b'{"rules":[1]}', b"{"])
def test_what_holds_no_rules_is_refused(payload: bytes) -> None:
    with pytest.raises(RulesError):
        Rules.parse(payload)


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(RulesError, match="two rules are named hot"):
        Rules.from_objects([LEAST, LEAST])


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["name", "sensorType", "above", "below", "clear", "for", "severity"]),
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("5s") | st.lists(st.none()),
        )
    )
)
def test_nothing_else_is_raised(documents: list[Any]) -> None:
    try:
        rules = Rules.from_objects(documents)
    except RulesError:
        return
    assert len(rules.names) == len(documents)


@pytest.mark.parametrize("severity", ["Info", "Warning", "Critical"])
def test_severities(severity: str) -> None:
    assert _one(severity=severity).severity == severity
