import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_gateway.devices.table import DeviceTable
from edge_wire.messages import DeviceStatus

NOW = dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC)


def online(device_id: str, **fields: str) -> DeviceStatus:
    return DeviceStatus(device_id, "online", **fields)  # type: ignore[arg-type]


def table_of(*devices: str) -> DeviceTable:
    table = DeviceTable()
    for device_id in devices:
        table.set_status(device_id, online(device_id))
    return table


def ids(table: DeviceTable) -> list[str]:
    return [device.id for device in table.page("", 1000).devices]


def test_a_device_is_there_from_its_status_its_roster_or_being_heard() -> None:
    table = table_of("b")
    table.set_roster("a", {"type": "pump"})
    table.heard("c", NOW, add=True)
    table.heard("d", NOW, add=False)
    assert ids(table) == ["a", "b", "c"]
    assert table.tally() == {"online": 1, "offline": 0, "unknown": 2}
    assert len(table) == 3


def test_it_is_gone_when_both_status_and_roster_are() -> None:
    table = table_of("a")
    table.set_roster("a", {})
    table.set_status("a", None)
    assert ids(table) == ["a"]
    table.set_roster("a", None)
    assert ids(table) == []
    assert table.get("a") is None
    table.set_status("never", None)
    assert ids(table) == []


def test_what_the_broker_does_not_tell_again_after_a_reconnect_is_forgotten() -> None:
    table = table_of("kept", "cleared", "listed")
    table.set_roster("listed", {})
    assert not table.complete_once
    table.complete()
    assert table.complete_once
    assert ids(table) == ["cleared", "kept", "listed"]
    table.begin()
    table.set_status("kept", online("kept"))
    table.set_roster("listed", {})
    assert ids(table) == ["cleared", "kept", "listed"], "until all is told nothing is missing"
    table.complete()
    assert ids(table) == ["kept", "listed"]
    listed = table.get("listed")
    assert listed is not None
    assert listed.status is None


def test_pages_are_filtered_before_they_are_cut() -> None:
    table = DeviceTable()
    for number in range(10):
        kind = "pump" if number % 2 else "valve"
        table.set_status(f"d{number}", online(f"d{number}", type=kind))
    page = table.page("", 2, type_="pump")
    assert ([device.id for device in page.devices], page.last) == (["d1", "d3"], "d3")
    page = table.page("d5", 2, type_="pump")
    assert ([device.id for device in page.devices], page.last) == (["d7", "d9"], None)
    assert table.count(type_="pump") == 5
    assert table.count(status="offline") == 0
    assert table.page("", 5, status="offline").devices == ()


@given(st.sets(st.from_regex(r"[A-Za-z0-9._-]{1,4}", fullmatch=True)), st.integers(1, 5))
def test_pages_together_are_the_table(devices: set[str], limit: int) -> None:
    table = table_of(*devices)
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = table.page(after, limit)
        assert len(page.devices) <= limit
        found += [device.id for device in page.devices]
        after = page.last
    assert found == sorted(devices)


@pytest.mark.parametrize(("told", "heard", "expected"), [(1, 2, 2), (3, 2, 3), (None, 2, 2), (1, None, 1)])
def test_last_seen_is_the_latest_of_what_is_known(told: int | None, heard: int | None, expected: int) -> None:
    def moment(hours: int | None) -> dt.datetime | None:
        return None if hours is None else NOW + dt.timedelta(hours=hours)

    table = DeviceTable()
    table.set_status("a", DeviceStatus("a", "online", last_seen=moment(told)))
    if (when := moment(heard)) is not None:
        table.heard("a", when, add=False)
        table.heard("a", NOW, add=False)
    device = table.get("a")
    assert device is not None
    assert device.last_seen == moment(expected)


def test_a_device_shows_what_it_says_else_what_its_edgedevice_says() -> None:
    table = DeviceTable()
    table.set_roster("a", {"name": "listed", "type": "pump", "location": 7})
    device = table.get("a")
    assert device is not None
    shown = {"id": "a", "name": "listed", "type": "pump", "location": "", "status": "unknown", "last_seen": None}
    assert device.to_object() == shown | {"metadata": {}}
    status = DeviceStatus("a", "offline", "own", "", "hall", NOW, {"rack": 3}, "s1", "Disconnected", {"more": [1]})
    table.set_status("a", status)
    assert device.to_object() == {
        "id": "a",
        "name": "own",
        "type": "pump",
        "location": "hall",
        "status": "offline",
        "last_seen": "2026-01-31T12:00:00.000Z",
        "metadata": {"rack": 3},
        "session": "s1",
        "reason": "Disconnected",
        "more": [1],
    }
    assert device.to_status() == {"device_id": "a", "status": "offline", "last_seen": "2026-01-31T12:00:00.000Z"}
