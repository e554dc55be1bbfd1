"""A payload of readings gives what can be read of it, and never an error."""

import json
import math
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge_wire.messages import MAX_PAYLOAD_BYTES, Reading, format_timestamp, parse_readings

GOOD = b'{"device_id":"pump-1","sensor_type":"temperature","value":21.5}'
REASONS = {"empty", "too_large", "utf8", "json", "depth", "nan", "type", "field", "impersonation"}

REJECTED: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "empty"),
    ("no JSON", b"temp=21", "json"),
    ("cut off", GOOD[:-1], "json"),
    ("bad UTF-8", b'{"sensor_type":"\xff","value":1}', "utf8"),
    ("half a surrogate pair", b'{"sensor_type":"\\ud800","value":1}', "json"),
    ("NaN", b'{"sensor_type":"t","value":NaN}', "nan"),
    ("Infinity", b'{"sensor_type":"t","value":-Infinity}', "nan"),
    ("beyond any double", b'{"sensor_type":"t","value":1e400}', "nan"),
    ("an integer of 401 digits", b'{"sensor_type":"t","value":1' + b"0" * 400 + b"}", "nan"),
    ("a number in quotes", b'{"sensor_type":"t","value":"21.5"}', "type"),
    ("a boolean", b'{"sensor_type":"t","value":true}', "type"),
    ("null", b'{"sensor_type":"t","value":null}', "type"),
    ("no value", b'{"sensor_type":"t"}', "field"),
    ("no sensor type", b'{"value":1}', "field"),
    ("empty sensor type", b'{"sensor_type":"","value":1}', "field"),
    ("sensor type is a number", b'{"sensor_type":5,"value":1}', "type"),
    ("unit is a number", b'{"sensor_type":"t","value":1,"unit":5}', "type"),
    ("metadata is an array", b'{"sensor_type":"t","value":1,"metadata":[]}', "type"),
    ("a scalar", b"21.5", "type"),
    ("another device", b'{"device_id":"pump-2","sensor_type":"t","value":1}', "impersonation"),
    ("device id is a number", b'{"device_id":1,"sensor_type":"t","value":1}', "type"),
    ("a nesting bomb", b"[" * 100_000, "json"),
    ("a closed nesting bomb", b"[" * 100_000 + b"]" * 100_000, "json"),
    ("nested too deeply", b'{"sensor_type":"t","value":1,"metadata":' + b'{"a":' * 70 + b"1" + b"}" * 71, "depth"),
    ("too large", b" " * MAX_PAYLOAD_BYTES + GOOD, "too_large"),
]


@pytest.mark.parametrize(("payload", "reason"), [case[1:] for case in REJECTED], ids=[case[0] for case in REJECTED])
def test_what_is_no_reading_is_rejected_whole(payload: bytes, reason: str) -> None:
    parsed = parse_readings(payload, "pump-1")

    assert parsed.readings == ()
    assert [(one.reason, one.payload) for one in parsed.rejected] == [(reason, payload)]
    assert parsed.rejected[0].message


KEPT: list[tuple[str, bytes, dict[str, Any]]] = [
    ("the least", b'{"sensor_type":"t","value":1}', {"value": 1.0, "device_id": "pump-1", "timestamp": None}),
    ("the last of two equal keys", b'{"sensor_type":"t","value":1,"value":2}', {"value": 2.0}),
    ("more than 64 bits", b'{"sensor_type":"t","value":123456789012345678901}', {"value": 1.2345678901234568e20}),
    ("zero below", b'{"sensor_type":"t","value":-0.0}', {"value": 0.0}),
    ("seq beyond 64 bits", b'{"sensor_type":"t","value":1,"seq":36893488147419103232}', {"seq": None}),
    ("seq of 64 bits unsigned", b'{"sensor_type":"t","value":1,"seq":9223372036854775808}', {"seq": None}),
    ("the largest seq", b'{"sensor_type":"t","value":1,"seq":9223372036854775807}', {"seq": 2**63 - 1}),
    ("seq is a string", b'{"sensor_type":"t","value":1,"seq":"7"}', {"seq": None, "extra": {"seq": "7"}}),
    ("session is a number", b'{"sensor_type":"t","value":1,"session":7}', {"session": "7", "extra": {}}),
    ("a timestamp nobody can read", b'{"sensor_type":"t","value":1,"timestamp":"noon"}', {"timestamp": None}),
    ("unknown fields", b'{"sensor_type":"t","value":1,"shift":{"n":2}}', {"extra": {"shift": {"n": 2}}}),
    ("NaN elsewhere", b'{"sensor_type":"t","value":1,"metadata":{"a":NaN}}', {"metadata": {"a": None}}),
    ("NUL in a text", b'{"sensor_type":"t\\u0000","value":1}', {"sensor_type": "t\0"}),
]


@pytest.mark.parametrize(("payload", "expected"), [case[1:] for case in KEPT], ids=[case[0] for case in KEPT])
def test_what_can_be_read_is_kept(payload: bytes, expected: dict[str, Any]) -> None:
    parsed = parse_readings(payload, "pump-1")

    assert parsed.rejected == ()
    assert {name: getattr(parsed.readings[0], name) for name in expected} == expected


BAD_ELEMENTS = [
    (b"7", b"7"),
    (b"null", b"null"),
    (b'{"sensor_type":"t","value":NaN}', b'{"sensor_type":"t","value":null}'),
    (b'{"sensor_type":"t","value":"x","metadata":NaN}', b'{"sensor_type":"t","value":"x","metadata":null}'),
    (b'{"sensor_type":"\\ud800","value":1}', b'{"sensor_type": "\\ud800", "value": 1}'),
]


@pytest.mark.parametrize(("bad", "kept"), BAD_ELEMENTS)
def test_a_bad_element_costs_only_itself(bad: bytes, kept: bytes) -> None:
    parsed = parse_readings(b"[" + GOOD + b"," + bad + b"," + GOOD + b"]", "pump-1")

    assert [reading.value for reading in parsed.readings] == [21.5, 21.5]
    assert [one.payload for one in parsed.rejected] == [kept]


def test_a_flood_of_bad_elements_is_bounded_and_kept() -> None:
    bad = MAX_PAYLOAD_BYTES // 2 - 100

    parsed = parse_readings(b"[" + GOOD + b",7" * bad + b"]", "pump-1")

    assert (len(parsed.readings), len(parsed.rejected)) == (1, 101)
    assert {one.payload for one in parsed.rejected[:100]} == {b"7"}
    assert parsed.rejected[-1].reason == "further"
    assert parsed.rejected[-1].message == f"{bad - 100} more elements of the array are not readings"
    assert orjson.loads(parsed.rejected[-1].payload) == [7] * (bad - 100)


def test_an_empty_array_is_neither() -> None:
    parsed = parse_readings(b"[]", "pump-1")

    assert (parsed.readings, parsed.rejected) == ((), ())


def test_256_kib_of_readings_are_taken() -> None:
    count = MAX_PAYLOAD_BYTES // (len(GOOD) + 1) - 1

    parsed = parse_readings((b"[" + b",".join([GOOD] * count) + b"]").ljust(MAX_PAYLOAD_BYTES), "pump-1")

    assert len(parsed.readings) == count


def test_a_reading_encodes_to_its_document() -> None:
    document = {
        "device_id": "pump-1",
        "timestamp": "2026-01-31T12:00:00.250Z",
        "sensor_type": "temperature",
        "value": 21.5,
        "unit": "celsius",
        "location": "hall 3",
        "metadata": {"a": [1]},
        "session": "s1",
        "seq": 7,
        "shift": "night",
    }

    assert orjson.loads(Reading.parse(orjson.dumps(document), "pump-1").encode()) == document


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
ELEMENTS = st.fixed_dictionaries(
    {"sensor_type": st.just("t") | JSON, "value": st.floats() | st.integers() | JSON},
    optional=dict.fromkeys(("device_id", "timestamp", "unit", "location", "metadata", "session", "seq", "x"), JSON),
)


@given(st.binary(max_size=200))
@example(b'{"sensor_type":"t","value":1}\xff')
def test_no_bytes_raise(payload: bytes) -> None:
    _check(payload)


@given(st.lists(ELEMENTS | JSON, max_size=4) | ELEMENTS | JSON)
def test_no_json_raises(document: Any) -> None:
    _check(json.dumps(document).encode())


def _check(payload: bytes) -> None:
    parsed = parse_readings(payload, "pump-1")

    assert {one.reason for one in parsed.rejected} <= REASONS
    for reading in parsed.readings:
        assert math.isfinite(reading.value)
        again = Reading.parse(reading.encode(), "pump-1")
        assert again.encode() == reading.encode()
        assert reading.timestamp is None or format_timestamp(reading.timestamp).endswith("Z")
