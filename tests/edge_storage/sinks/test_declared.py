"""Sinks are declared; a new one begins now, and what does not exist any more holds up nothing."""

import sqlite3

import pytest

from edge_storage import cursors
from edge_storage.sinks import alert_cursors, dead_letters, declared
from edge_storage.sinks.alert_cursors import newest_alert, read_alert_cursors
from edge_wire.messages import MalformedError
from edge_wire.store import CLOUD_SENSORS, Cursor, DeclaredSinks
from tests.edge_storage.sinks.letters import letter
from tests.edge_storage.test_cursors import fill


def add_alerts(connection: sqlite3.Connection, count: int) -> None:
    connection.executemany("INSERT INTO alert (device_id, body) VALUES ('p', '{}')", [()] * count)


def test_a_new_sink_begins_now_and_a_deleted_one_is_forgotten(connection: sqlite3.Connection) -> None:
    cursors.write_cursor(connection, CLOUD_SENSORS, Cursor(2))
    fill(connection, 10)
    add_alerts(connection, 3)

    first = declared.declare(connection, ["cloud", "kafka"], ["cloud", "webhook"])
    assert first == DeclaredSinks(("cloud", "kafka", "webhook"), ())
    assert cursors.read_all(connection) == {CLOUD_SENSORS: Cursor(2), "cloud": Cursor(10), "kafka": Cursor(10)}
    assert read_alert_cursors(connection) == {"cloud": 3, "webhook": 3}

    assert declared.declare(connection, ["kafka", "cloud"], ["webhook", "cloud"]) == DeclaredSinks((), ())
    add_alerts(connection, 1)
    assert declared.declare(connection, ["cloud"], ["cloud", "kafka"]) == DeclaredSinks(
        ("kafka",), ("kafka", "webhook")
    )
    assert set(cursors.read_all(connection)) == {CLOUD_SENSORS, "cloud"}
    assert read_alert_cursors(connection) == {"cloud": 3, "kafka": 4}
    assert declared.exists(connection, "kafka")
    assert not declared.exists(connection, "webhook")


def test_a_sink_named_again_begins_again(connection: sqlite3.Connection) -> None:
    fill(connection, 5)
    declared.declare(connection, ["cloud"], [])
    cursors.write_cursor(connection, "cloud", Cursor(1))
    declared.declare(connection, [], [])
    declared.declare(connection, ["cloud"], [])

    assert cursors.read_cursor(connection, "cloud") == Cursor(5)


def test_after_the_loss_of_the_cursors_a_sink_begins_at_the_start_once(connection: sqlite3.Connection) -> None:
    fill(connection, 5)
    add_alerts(connection, 2)
    for what in (declared.READINGS_LOST, declared.ALERTS_LOST):
        declared.note_lost(connection, what)

    declared.declare(connection, ["cloud"], ["cloud"])
    declared.declare(connection, ["cloud", "kafka"], ["cloud", "kafka"])

    assert cursors.read_all(connection) == {"cloud": Cursor(0), "kafka": Cursor(5)}
    assert read_alert_cursors(connection) == {"cloud": 0, "kafka": 2}


def test_the_list_of_sinks(connection: sqlite3.Connection) -> None:
    fill(connection, 10)
    add_alerts(connection, 3)
    declared.declare(connection, ["cloud"], ["cloud", "webhook"])
    add_alerts(connection, 2)
    cursors.write_cursor(connection, "cloud", Cursor(4, ((6, 8),)))
    dead_letters.add(connection, "old", [letter(1)])

    assert declared.sinks(connection) == [
        {"name": "cloud", "pending_readings": 3, "pending_alerts": 2, "dead_letters": 0},
        {"name": "old", "pending_readings": None, "pending_alerts": None, "dead_letters": 1},
        {"name": "webhook", "pending_readings": None, "pending_alerts": 2, "dead_letters": 0},
    ]


def test_a_cursor_of_alerts_never_moves_back_and_never_passes_the_newest(connection: sqlite3.Connection) -> None:
    add_alerts(connection, 5)

    assert [alert_cursors.advance_alert_cursor(connection, "cloud", number) for number in (0, 3, 2, 5)] == [0, 3, 3, 5]
    with pytest.raises(MalformedError, match="id is 6, the newest alert has 5"):
        alert_cursors.advance_alert_cursor(connection, "cloud", 6)


def test_the_newest_id_stays_when_its_alert_is_deleted(connection: sqlite3.Connection) -> None:
    assert newest_alert(connection) == 0
    add_alerts(connection, 5)
    connection.execute("DELETE FROM alert")

    assert newest_alert(connection) == 5
