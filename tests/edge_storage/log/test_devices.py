"""The registry has each device once, however many there are and however few are in memory."""

import sqlite3

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_storage.log.devices import Devices

ARRIVALS = st.lists(st.tuples(st.sampled_from("abcdefg"), st.integers(1, 100)), max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals=ARRIVALS, limit=st.integers(1, 4), reloaded=st.sets(st.integers(0, 39)))
def test_numbers_stay_and_the_last_arrival_counts(
    connection: sqlite3.Connection, arrivals: list[tuple[str, int]], limit: int, reloaded: set[int]
) -> None:
    connection.execute("DELETE FROM device")
    devices, numbers, last = Devices(limit), dict[str, int](), dict[str, int]()
    for index, (name, at) in enumerate(arrivals):
        devices.note(connection, name, at)
        last[name] = max(at, last.get(name, 0))
        assert devices.get(connection, name).last_at == last[name]
        assert numbers.setdefault(name, devices.get(connection, name).number) == devices.get(connection, name).number
        assert len(devices) <= limit
        if index in reloaded:
            devices.save(connection)
            devices = Devices(limit)

    assert len(set(numbers.values())) == len(numbers)
    devices.save(connection)
    assert dict(connection.execute("SELECT name, last_at FROM device").fetchall()) == last


def test_the_recent_arrivals_are_those_in_memory(connection: sqlite3.Connection) -> None:
    devices = Devices(2)
    for name, at in (("a", 1), ("b", 2), ("c", 3)):
        devices.note(connection, name, at)

    assert devices.recent() == {"c": 3}
    assert connection.execute("SELECT name, last_at FROM device ORDER BY name").fetchall()[:2] == [("a", 1), ("b", 2)]
