"""The fast path and the full path of a payload give the same readings, byte by byte."""

import datetime as dt
import json
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_readings.arrival import DeviceHead, ReceivedAt
from edge_readings.encoding import ReadingEncoder
from edge_readings.fragments import MAX_KINDS, Kinds
from edge_readings.processing import Processed, process
from edge_readings.rules import Rules
from edge_wire.messages import Rejected, parse_readings
from tests.edge_readings import payloads

SITE = "site"
DEVICE = DeviceHead("dev1")
NOW = dt.datetime(2026, 11, 29, 4, 1, 2, 125_000, tzinfo=dt.UTC)
RECEIVED = ReceivedAt(int(NOW.timestamp() * 1000))
HOT = {"name": "hot", "sensorType": "temperature", "above": 80}
RULES = Rules.from_objects([HOT, HOT | {"name": "wet", "sensorType": "humidity"}])
ORDINARY = payloads.ordinary(Random(1))

Row = tuple[bytes, float, str | None, int | None, int, Processed]
"""Body, value, session, seq, number of rules, and the reading for the rules."""


@pytest.fixture(scope="module")
def encoder() -> ReadingEncoder:
    return ReadingEncoder(RULES, SITE)


def wanted(payload: bytes, queued_ms: int = 0) -> tuple[list[Row], tuple[Rejected, ...]]:
    """Return what is stored by the parser, the conversion and the encoder of all messages."""
    rows: list[Row] = []
    parsed = parse_readings(payload, DEVICE.name)
    for sent in parsed.readings:
        processed = process(sent, received_at=NOW, location=SITE, queued_ms=queued_ms)
        reading = processed.reading
        document = reading.to_object()
        document.pop("offset", None)
        document.pop("received_at", None)
        body = orjson.dumps(document)[:-1]
        rules = len(RULES.about(reading.sensor_type))
        rows.append((body, reading.value, reading.session, reading.seq, rules, processed))
    return rows, parsed.rejected


def encoded(
    encoder: ReadingEncoder, payload: bytes, received: ReceivedAt = RECEIVED
) -> tuple[list[Row], tuple[Rejected, ...], bool]:
    """Return what the encoder makes of `payload`, and whether it took the fast path."""
    fast = encoder.encode(DEVICE, payload, received)
    result = None if fast else encoder.full(DEVICE, payload, received)
    readings = result.readings if result else (fast,) if fast else ()
    rows: list[Row] = []
    for each in readings:
        processed = encoder.processed(each, DEVICE, payload, received)
        rows.append((each.body, each.value, each.session, each.seq, len(each.rules), processed))
    return rows, result.rejected if result else (), fast is not None


def check(encoder: ReadingEncoder, payload: bytes, queued_ms: int = 0) -> bool:
    """Compare both; return whether the fast path was taken."""
    rows, rejected, is_fast = encoded(encoder, payload, ReceivedAt(RECEIVED.milliseconds, queued_ms))
    assert (rows, rejected) == wanted(payload, queued_ms), payload
    # Equal floats and equal texts may differ as bytes or as types: 0.0 and -0.0, 1 and True.
    assert repr(rows) == repr(wanted(payload, queued_ms)[0]), payload
    return is_fast


def test_readings_that_waited_in_the_queue_give_the_same_on_both_paths(encoder: ReadingEncoder) -> None:
    random = Random(13)
    fast = sum(check(encoder, payloads.payload(random), 7_250) for _ in range(2_000))
    assert 800 < fast < 1_500
    sent = b'{"sensor_type":"t","value":1,"timestamp":"2026-11-29T04:01:02Z","metadata":{"queued_ms":"own"}}'
    for queued_ms in (0, 7_250):
        assert not check(encoder, sent, queued_ms)
        ((body, *_),), _, _ = encoded(encoder, sent, ReceivedAt(RECEIVED.milliseconds, queued_ms))
        assert json.loads(body + b"}")["metadata"]["queued_ms"] == (queued_ms or "own")


def test_byte_order_mark_before_a_reading_is_skipped(encoder: ReadingEncoder) -> None:
    sent = b'{"sensor_type":"t","value":1,"timestamp":"2026-11-29T04:01:02Z"}'
    for payload in (sent, b"[%b,%b]" % (sent, sent), b'{"sensor_type":"t","value":1,"metadata":{"x":NaN}}'):
        marked = b"\xef\xbb\xbf" + payload
        check(encoder, marked)
        assert encoded(encoder, marked)[:2] == encoded(encoder, payload)[:2]
    assert encoded(encoder, b"\xef\xbb\xbf")[1][0].reason == "empty"


def test_random_payloads_give_the_same_on_both_paths(encoder: ReadingEncoder) -> None:
    random = Random(12)
    fast = sum(check(encoder, payloads.payload(random)) for _ in range(20_000))
    assert 8_000 < fast < 15_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
ODD: dict[str, st.SearchStrategy[Any]] = {
    "device_id": st.just("dev1") | st.sampled_from(("dev2", None, 5)),
    "timestamp": st.just(payloads.ORDINARY) | st.sampled_from(payloads.TIMESTAMPS) | st.text(),
    "sensor_type": st.sampled_from(("temperature", "humidity", "x")) | st.text() | JSON,
    "value": st.floats(allow_nan=False, allow_infinity=False) | st.integers() | JSON,
    "unit": st.sampled_from(("F", "bar", "celsius")) | st.text() | st.none() | JSON,
    "location": st.text() | st.none() | JSON,
    "metadata": st.dictionaries(st.text(), JSON, max_size=4) | JSON,
    "session": st.text() | st.integers() | JSON,
    "seq": st.integers() | JSON,
}


@given(fields=st.fixed_dictionaries({}, optional=ODD), ensure_ascii=st.booleans())
def test_any_object_gives_the_same_on_both_paths(
    encoder: ReadingEncoder, *, fields: dict[str, Any], ensure_ascii: bool
) -> None:
    reading = ORDINARY | fields
    check(encoder, json.dumps(reading, ensure_ascii=ensure_ascii).encode(errors="surrogatepass"))


@given(st.data())
def test_any_change_of_bytes_gives_the_same_on_both_paths(encoder: ReadingEncoder, data: st.DataObject) -> None:
    payload = json.dumps(ORDINARY).encode()
    at = data.draw(st.integers(0, len(payload)))
    length = data.draw(st.integers(0, 3))
    inserted = data.draw(st.binary(max_size=6) | st.sampled_from(payloads.TOKENS))
    check(encoder, payload[:at] + inserted + payload[at + length :])


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="as the contract has it"),
        pytest.param({"metadata": {"firmware": "1.2", "more": [1, {"a": 2.5}]}}, id="metadata"),
        pytest.param({"timestamp": "2026-11-29T04:01:02.123456+00:00"}, id="Python's isoformat"),
        pytest.param({"timestamp": "2026-11-29T04:01:02Z"}, id="whole seconds"),
        pytest.param({"device_id": None, "unit": None, "location": None}, id="nulls that mean absent"),
        pytest.param({"session": 7}, id="a number as the session"),
        pytest.param({"unit": "°F", "location": "Müllerstraße"}, id="letters beyond ASCII"),
        pytest.param({"metadata": {"processed": "x" * 3000}}, id="a long text"),
    ],
)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["compact", "spaces"])
def test_ordinary_readings_take_the_fast_path(
    encoder: ReadingEncoder, changed: dict[str, Any], separators: tuple[str, str]
) -> None:
    assert check(encoder, json.dumps(ORDINARY | changed, separators=separators).encode())


@pytest.mark.parametrize(
    ("payload", "reasons"),
    [
        pytest.param(b"", ["empty"], id="nothing"),
        pytest.param(b"\xff", ["utf8"], id="not UTF-8"),
        pytest.param(b"[1]", ["type"], id="an array"),
        pytest.param(json.dumps(ORDINARY | {"device_id": "dev2"}).encode(), ["impersonation"], id="another device"),
        pytest.param(json.dumps(ORDINARY | {"value": float("nan")}).encode(), ["nan"], id="NaN"),
        pytest.param(json.dumps(ORDINARY | {"location": "x" * 300_000}).encode(), ["too_large"], id="too large"),
        pytest.param(
            json.dumps(ORDINARY).encode()[:-1] + b',"metadata":%b}' % (b'{"a":' * 62 + b"[]" + b"}" * 62),
            [],
            id="as deep as allowed",
        ),
        pytest.param(
            json.dumps(ORDINARY).encode()[:-1] + b',"metadata":%b}' % (b'{"a":' * 63 + b"[]" + b"}" * 63),
            ["depth"],
            id="too deep",
        ),
        pytest.param(
            b'{"metadata":%b,' % (b"[" * 60_000 + b"]" * 60_000) + json.dumps(ORDINARY).encode()[1:],
            ["json"],
            id="beyond the parser's depth, replaced by a later key",
        ),
    ],
)
def test_what_is_not_a_reading_is_rejected_by_the_full_path(
    encoder: ReadingEncoder, payload: bytes, reasons: list[str]
) -> None:
    check(encoder, payload)
    assert [each.reason for each in encoded(encoder, payload)[1]] == reasons


def test_the_cached_kinds_are_bounded() -> None:
    kinds = Kinds(SITE, RULES)
    first = kinds.add(("temperature", None, None))
    assert kinds.get(("temperature", None, None)) is first
    kinds.add(("x" * 300, None, None))
    assert kinds.get(("x" * 300, None, None)) is None
    for number in range(MAX_KINDS):
        kinds.add(("t", str(number), None))
    assert kinds.get(("temperature", None, None)) is None
