"""The file with the forwarding rules: what it may have, and what is said of what it may not have."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_processor.delivery.forwarding import ForwardingError, ForwardingRule, parse_rules


def rules(*documents: Any) -> bytes:
    return orjson.dumps({"forwarding": documents})


def test_all_fields() -> None:
    payload = rules(
        {"sensorType": "temperature", "deadband": "0.50", "minInterval": "10s", "maxInterval": "5m"},
        {"sensorType": "pressure", "deadband": 100},
        {"sensorType": "humidity", "deadband": 0.1, "minInterval": None},
        {"sensorType": "state"},
        {"sensorType": "flow", "deadband": "+0.5"},
    )
    assert parse_rules(payload) == (
        {
            "temperature": ForwardingRule(Decimal("0.5"), 10.0, 300.0),
            "pressure": ForwardingRule(Decimal(100)),
            "humidity": ForwardingRule(Decimal("0.1")),
            "state": ForwardingRule(),
            "flow": ForwardingRule(Decimal("0.5")),
        },
        (),
    )


def test_no_rule() -> None:
    assert parse_rules(rules()) == ({}, ())


@pytest.mark.parametrize(
    ("payload", "reason"), [(b"", "not usable"), (b"[]", "not usable"), (b"{}", 'with the array "forwarding"')]
)
def test_what_is_no_list_of_rules_is_an_error(payload: bytes, reason: str) -> None:
    with pytest.raises(ForwardingError, match=reason):
        parse_rules(payload)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (rules(7), "forwarding rule 0 must be a JSON object"),
        (rules({"deadband": 1}), "forwarding rule 0: sensorType is missing"),
        (rules({"sensorType": "t"}, {"sensorType": "t"}), "two forwarding rules are for t"),
        (rules({"sensorType": "t", "deadband": -1}), "rule t: deadband must be a decimal number of 0 or more"),
        (rules({"sensorType": "t", "deadband": "1e3"}), "rule t: deadband must be a decimal"),
        (rules({"sensorType": "t", "deadband": True}), "rule t: deadband must be a decimal"),
        (rules({"sensorType": "t", "minInterval": 10}), "rule t: minInterval must be a duration"),
        (rules({"sensorType": "t", "minInterval": "1d"}), "rule t: minInterval: must be a duration such as"),
        (rules({"sensorType": "t", "minInterval": "2m", "maxInterval": "1m"}), "must not be shorter than minInterval"),
    ],
)
def test_a_rule_that_is_invalid_is_named_and_the_others_count(payload: bytes, reason: str) -> None:
    listed = [*orjson.loads(payload)["forwarding"], {"sensorType": "good", "deadband": 2}]
    found, (problem,) = parse_rules(rules(*listed))
    assert reason in problem
    assert found["good"] == ForwardingRule(Decimal(2))
    # The first of two rules for a sensor type, which is valid.
    assert set(found) - {"good"} == ({"t"} if reason.startswith("two") else set())


VALUES = st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=4) | st.just("10s")
DOCUMENTS = st.dictionaries(st.sampled_from(["sensorType", "deadband", "minInterval", "maxInterval"]), VALUES)


@given(st.binary(max_size=60) | st.lists(DOCUMENTS, max_size=3).map(lambda each: rules(*each)))
def test_any_bytes_are_rules_or_the_error_of_the_parser(payload: bytes) -> None:
    with suppress(ForwardingError):
        parsed, _ = parse_rules(payload)
        assert all(rule.deadband is None or rule.deadband >= 0 for rule in parsed.values())
