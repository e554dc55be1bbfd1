"""Dead letters of sinks: kept once, marked, delivered again or not."""

import sqlite3

import orjson
import pytest

from edge_storage import dead_letters as all_letters
from edge_storage.dead_letters import Filter
from edge_storage.ingest.state import IngestState
from edge_storage.pages import NO_END
from edge_storage.sinks import dead_letters, declared
from edge_storage.sinks.resending import Marked, NotMarkedError, resend_or_mark
from tests.edge_storage.sinks.letters import NOON, letter


def listed(connection: sqlite3.Connection, sink: str | None = None) -> list[tuple[object, ...]]:
    page = all_letters.dead_letters(connection, Filter(sink=sink), 100, NO_END)
    found = [orjson.loads(orjson.dumps(each)) for each in page.items]
    return [(each["id"], each["sink"], each["offset"], each["resending"]) for each in found]


def test_a_reading_is_kept_once_for_each_sink_and_an_alert_too(connection: sqlite3.Connection) -> None:
    assert dead_letters.add(connection, "cloud", [letter(7), letter(7), letter(8)]) == 2
    assert dead_letters.add(connection, "kafka", [letter(7)]) == 1
    alerts = [letter(None, b'{"alert_id":"a"}'), letter(None, b'{"alert_id":"b"}')]
    assert dead_letters.add(connection, "cloud", alerts) == 2
    assert dead_letters.add(connection, "cloud", [*alerts, letter(8)]) == 0

    assert [each[1:3] for each in listed(connection, "cloud")] == [("cloud", None)] * 2 + [("cloud", 8), ("cloud", 7)]
    assert [each[1:3] for each in listed(connection, "kafka")] == [("kafka", 7)]
    assert dead_letters.count_by_sink(connection) == {"cloud": 4, "kafka": 1}
    assert dead_letters.count_all(connection) == 5


def test_a_long_answer_is_cut_off(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")
    dead_letters.add(connection, "cloud", [letter(1)])
    dead_letters.resent(connection, "cloud", [], [(1, "x" * 5000)])

    assert connection.execute("SELECT length(message) FROM dead_letter").fetchone() == (1000,)


def test_the_marked_ones_are_delivered_or_wait_again(connection: sqlite3.Connection, state: IngestState) -> None:
    declared.declare(connection, ["cloud"], [])
    dead_letters.add(connection, "cloud", [letter(offset) for offset in (5, 6, 7)])
    for number in (3, 1, 2):
        marked = resend_or_mark(connection, state, number, None, "hall", NOON)
        assert marked == Marked("pump-1", "cloud")

    found = [orjson.loads(orjson.dumps(each))["id"] for each in dead_letters.marked(connection, "cloud", 2)]
    assert found == [1, 2]
    assert dead_letters.marked(connection, "kafka", 10) == []
    assert dead_letters.resent(connection, "kafka", [1], [(2, "")]) == 0, "they are of another sink"
    assert dead_letters.resent(connection, "cloud", [1, 99], [(2, "again")]) == 1

    assert listed(connection) == [(3, "cloud", 7, True), (2, "cloud", 6, False)]
    assert connection.execute("SELECT message FROM dead_letter WHERE id = 2").fetchone() == ("again",)


@pytest.mark.parametrize(
    ("sink", "payload", "reason"), [("cloud", b"{}", "PayloadNotAllowed"), ("kafka", None, "SinkNotFound")]
)
def test_one_that_cannot_be_delivered_again_is_not_marked(
    connection: sqlite3.Connection, state: IngestState, sink: str, payload: bytes | None, reason: str
) -> None:
    declared.declare(connection, ["cloud"], [])
    dead_letters.add(connection, sink, [letter(5)])

    with pytest.raises(NotMarkedError, match="dead letter 1 is of the sink") as caught:
        resend_or_mark(connection, state, 1, payload, "hall", NOON)

    assert caught.value.reason == reason
    assert listed(connection) == [(1, sink, 5, False)]
