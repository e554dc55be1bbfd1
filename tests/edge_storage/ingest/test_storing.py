"""What devices sent is stored once, processed, checked, and set aside where it cannot be read."""

import datetime as dt
import json
import sqlite3
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_storage import alerts, dead_letters, readings
from edge_storage.dead_letters import Filter
from edge_storage.ingest.state import IngestState
from edge_storage.ingest.storing import store
from edge_storage.log.reader import LogReader
from edge_storage.pages import NO_END
from edge_wire.messages import MAX_PAYLOAD_BYTES
from edge_wire.store import FencedError, IngestRequest, RawMessage

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
HOT = {"name": "hot", "sensorType": "temperature", "above": 80}


def _send(
    connection: sqlite3.Connection,
    state: IngestState,
    *payloads: Any,
    device_id: str = "pump-1",
    token: int | None = None,
) -> Any:
    messages = tuple(
        RawMessage(device_id, each if isinstance(each, bytes) else json.dumps(each).encode(), NOON) for each in payloads
    )
    return orjson.loads(store(connection, IngestRequest(token, "hall", messages), state).encode())


def _reading(value: float = 20, **fields: Any) -> dict[str, Any]:
    return {"sensor_type": "temperature", "value": value} | fields


def _stored(connection: sqlite3.Connection, log: LogReader) -> list[dict[str, Any]]:
    page = readings.readings(connection, log, None, 1000, NO_END)
    stored: list[dict[str, Any]] = orjson.loads(orjson.dumps(page.items))
    return stored[::-1]


def test_a_reading_is_processed_and_gets_its_place(
    connection: sqlite3.Connection, state: IngestState, log: LogReader
) -> None:
    answer = _send(connection, state, _reading(212, unit="fahrenheit", timestamp="2026-01-31T11:59:59Z", shift="night"))

    expected = {
        "device_id": "pump-1",
        "timestamp": "2026-01-31T11:59:59.000Z",
        "sensor_type": "temperature",
        "value": 100.0,
        "unit": "celsius",
        "location": "hall",
        "metadata": {"processed_at": "2026-01-31T12:00:00.000Z", "processor": "edge-processor"},
        "shift": "night",
        "offset": 1,
        "received_at": "2026-01-31T12:00:00.000Z",
    }
    assert answer == {
        "results": [{"accepted": 1, "duplicates": 0, "rejected": []}],
        "readings": [expected],
    }
    assert _stored(connection, log) == [expected]


def _count(connection: sqlite3.Connection) -> int:
    count: int = connection.execute("SELECT coalesce(sum(count), 0) FROM batch").fetchone()[0]
    return count


ONCE: list[tuple[str, dict[str, Any], dict[str, Any], int]] = [
    ("the same", {"session": "s", "seq": 1}, {"session": "s", "seq": 1}, 1),
    ("another seq", {"session": "s", "seq": 1}, {"session": "s", "seq": 2}, 2),
    ("another session", {"session": "s", "seq": 1}, {"session": "t", "seq": 1}, 2),
    ("no session", {"seq": 1}, {"seq": 1}, 2),
    ("no seq", {"session": "s"}, {"session": "s"}, 2),
    ("seq that cannot be read", {"session": "s", "seq": "1"}, {"session": "s", "seq": "1"}, 2),
]


@pytest.mark.parametrize(("first", "second", "count"), [case[1:] for case in ONCE], ids=[case[0] for case in ONCE])
def test_stored_once_where_it_can_be_known(
    connection: sqlite3.Connection,
    state: IngestState,
    log: LogReader,
    first: dict[str, Any],
    second: dict[str, Any],
    count: int,
) -> None:
    answers = [_send(connection, state, _reading(**first)), _send(connection, state, _reading(**second))]

    assert [answer["results"][0]["accepted"] for answer in answers] == [1, count - 1]
    assert [answer["results"][0]["duplicates"] for answer in answers] == [0, 2 - count]
    assert len(_stored(connection, log)) == count


def test_another_device_may_use_the_same_session_and_seq(
    connection: sqlite3.Connection, state: IngestState, log: LogReader
) -> None:
    for device_id in ("pump-1", "pump-2"):
        _send(connection, state, _reading(session="s", seq=1), device_id=device_id)

    assert len(_stored(connection, log)) == 2


def test_a_repetition_within_one_request_is_one(connection: sqlite3.Connection, state: IngestState) -> None:
    same = _reading(session="s", seq=1)

    answer = _send(connection, state, [same, same], same)

    assert [(each["accepted"], each["duplicates"]) for each in answer["results"]] == [(1, 1), (0, 1)]


def test_what_cannot_be_read_is_set_aside_whole(connection: sqlite3.Connection, state: IngestState) -> None:
    answer = _send(connection, state, b"\xff\x00", [_reading(), 7], _reading())

    assert [each["accepted"] for each in answer["results"]] == [0, 1, 1]
    assert [[one["reason"] for one in each["rejected"]] for each in answer["results"]] == [["utf8"], ["type"], []]
    letters = orjson.loads(orjson.dumps(dead_letters.dead_letters(connection, Filter(), 10, NO_END).items))
    assert [(each["reason"], each["payload"], each["device_id"]) for each in letters] == [
        ("type", "Nw==", "pump-1"),
        ("utf8", "/wA=", "pump-1"),
    ]


def test_a_message_that_nobody_foresaw_costs_only_itself(
    connection: sqlite3.Connection, state: IngestState, log: LogReader
) -> None:
    state.replace_rules(connection, [HOT], NOON)
    connection.execute("INSERT INTO alert_state (rule, device_id, body) VALUES ('hot', 'pump-1', 'torn')")
    messages = [
        RawMessage(device, json.dumps(_reading(90)).encode(), NOON) for device in ("pump-0", "pump-1", "pump-2")
    ]

    answer = orjson.loads(store(connection, IngestRequest(None, "hall", tuple(messages)), state).encode())

    assert [each["accepted"] for each in answer["results"]] == [1, 0, 1]
    assert answer["results"][1]["rejected"][0]["reason"] == "internal"
    assert [each["device_id"] for each in _stored(connection, log)] == ["pump-0", "pump-2"]
    letters = orjson.loads(orjson.dumps(dead_letters.dead_letters(connection, Filter(), 10, NO_END).items))
    assert [each["reason"] for each in letters] == ["internal"]
    assert len(alerts.outbox(connection, 10)) == 2


def test_who_has_lost_the_lease_stores_nothing(
    connection: sqlite3.Connection, state: IngestState, log: LogReader
) -> None:
    connection.execute("UPDATE lease SET token = 7")
    _send(connection, state, _reading(), token=7)
    _send(connection, state, _reading(), token=None)

    for token in (6, 8):
        with pytest.raises(FencedError, match="the lease's token is 7"):
            _send(connection, state, _reading(), token=token)

    assert len(_stored(connection, log)) == 2


def test_the_device_does_not_say_what_only_the_store_may(
    connection: sqlite3.Connection, state: IngestState, log: LogReader
) -> None:
    _send(connection, state, _reading(offset=99, received_at="never"))

    assert [(each["offset"], each["received_at"]) for each in _stored(connection, log)] == [
        (1, "2026-01-31T12:00:00.000Z")
    ]


def test_offsets_only_rise(connection: sqlite3.Connection, state: IngestState) -> None:
    _send(connection, state, [_reading(), _reading()])
    # As retention does: the sealed readings are deleted, and the state is loaded again.
    state.load(connection).tail.sealed(connection, 2)
    state.drop()

    assert [each["offset"] for each in _send(connection, state, _reading())["readings"]] == [3]


def test_arrivals_are_the_last_ones_even_of_what_cannot_be_read(
    connection: sqlite3.Connection, state: IngestState
) -> None:
    early = NOON - dt.timedelta(hours=1)
    for device_id, payload, moment in [("a", b"{}", NOON), ("a", b"{}", early), ("b", b"\xff", early)]:
        store(connection, IngestRequest(None, "hall", (RawMessage(device_id, payload, moment),)), state)

    assert readings.arrivals(connection, {}) == {"a": "2026-01-31T12:00:00.000Z", "b": "2026-01-31T11:00:00.000Z"}


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps([_reading()] * 4000).encode(),
        json.dumps(_reading(metadata={"note": "x" * 200_000})).encode(),
        json.dumps(_reading(session="s" * 200_000, seq=1)).encode(),
        json.dumps(_reading(seq=2**63 - 1, session="s\0")).encode(),
        json.dumps(_reading(timestamp="9999-12-31T23:59:59.999Z")).encode(),
        json.dumps(_reading(timestamp="0001-01-01T00:00:00Z")).encode(),
    ],
    ids=["many", "large", "long session", "NUL and largest seq", "end of time", "begin of time"],
)
def test_the_outermost_is_stored(
    connection: sqlite3.Connection, state: IngestState, log: LogReader, payload: bytes
) -> None:
    assert len(payload) <= MAX_PAYLOAD_BYTES

    answer = _send(connection, state, payload)

    assert answer["results"][0]["rejected"] == []
    assert len(_stored(connection, log)) == min(answer["results"][0]["accepted"], 1000) > 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("device_id", "timestamp", "unit", "location", "metadata", "session", "seq", "offset", "x")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.fixed_dictionaries(
            {"sensor_type": st.just("temperature") | JSON, "value": st.floats() | JSON},
            optional=dict.fromkeys(NAMES, JSON),
        )
        | JSON,
        max_size=4,
    )
)
def test_whatever_comes_is_stored_or_set_aside_and_nothing_else(
    connection: sqlite3.Connection, state: IngestState, elements: list[Any]
) -> None:
    before = _count(connection)

    result = _send(connection, state, elements)["results"][0]

    after = _count(connection)
    assert result["accepted"] + result["duplicates"] + len(result["rejected"]) == len(elements)
    assert after - before == result["accepted"]
    assert "internal" not in {one["reason"] for one in result["rejected"]}
