"""Dead letters: found, sent again, deleted; against the database and against the real store."""

import datetime as dt
import json
import sqlite3

import aiohttp
import orjson
import pytest

from edge_readings.rules import Rules
from edge_service.store import StoreClient, StoreRefusedError
from edge_storage import dead_letters, readings
from edge_storage.dead_letters import DeadLetterNotFoundError, Filter, StillRejectedError
from edge_storage.ingest.state import IngestState
from edge_storage.log.reader import LogReader
from edge_storage.pages import NO_END
from edge_wire.store import RawMessage
from tests.edge_storage.running import RunningStore, ask, message, request

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
GOOD = b'{"sensor_type":"t","value":1,"session":"s","seq":1}'


def add(connection: sqlite3.Connection, device_id: str, reason: str, payload: bytes, hours: int = 0) -> int:
    at = int((NOON + dt.timedelta(hours=hours)).timestamp() * 1000)
    made = connection.execute(
        "INSERT INTO dead_letter (device_id, received_at, reason, message, payload) VALUES (?, ?, ?, '', ?)",
        (device_id, at, reason, payload),
    )
    assert made.lastrowid is not None
    return made.lastrowid


def ids(connection: sqlite3.Connection, which: Filter) -> list[int]:
    page = dead_letters.dead_letters(connection, which, 100, NO_END)
    return [orjson.loads(orjson.dumps(item))["id"] for item in page.items]


def stored(connection: sqlite3.Connection, log: LogReader) -> list[dict[str, object]]:
    return [orjson.loads(orjson.dumps(each)) for each in readings.readings(connection, log, None, 100, NO_END).items]


@pytest.mark.parametrize(
    ("which", "found"),
    [
        (Filter(), [4, 3, 2, 1]),
        (Filter("a"), [3, 1]),
        (Filter(reason="json"), [2, 1]),
        (Filter("a", "json"), [1]),
        (Filter(received_before=NOON + dt.timedelta(hours=2)), [2, 1]),
        (Filter("nobody"), []),
    ],
)
def test_a_filter_finds_and_deletes_the_same(connection: sqlite3.Connection, which: Filter, found: list[int]) -> None:
    for hours, (device_id, reason) in enumerate([("a", "json"), ("b", "json"), ("a", "type"), ("b", "type")]):
        add(connection, device_id, reason, b"{", hours)

    assert ids(connection, which) == found
    assert dead_letters.delete_some(connection, which) == len(found)
    assert ids(connection, Filter()) == sorted({1, 2, 3, 4} - set(found), reverse=True)


def test_one_that_is_a_reading_now_is_stored_and_deleted(
    connection: sqlite3.Connection, state: IngestState, log: LogReader
) -> None:
    number = add(connection, "a", "internal", GOOD)

    device_id, result = dead_letters.resend(connection, state, number, None, "hall", LATER)

    assert (device_id, len(result.messages[0].readings)) == ("a", 1)
    (reading,) = stored(connection, log)
    assert (reading["device_id"], reading["location"]) == ("a", "hall")
    assert reading["received_at"] == "2026-02-01T12:00:00.000Z", "it arrives now: offset and received_at grow together"
    assert ids(connection, Filter()) == []


def test_a_corrected_one_replaces_what_was_sent(
    connection: sqlite3.Connection, state: IngestState, log: LogReader
) -> None:
    number = add(connection, "a", "json", b"{")

    dead_letters.resend(connection, state, number, GOOD, "hall", LATER)

    assert [each["seq"] for each in stored(connection, log)] == [1]


def test_one_that_was_stored_meanwhile_is_deleted(
    connection: sqlite3.Connection, state: IngestState, log: LogReader
) -> None:
    first, second = (add(connection, "a", "internal", GOOD) for _ in range(2))
    dead_letters.resend(connection, state, first, None, "hall", LATER)

    _, result = dead_letters.resend(connection, state, second, None, "hall", LATER)

    assert (result.messages[0].readings, result.messages[0].duplicates) == ([], 1)
    assert (len(stored(connection, log)), ids(connection, Filter())) == (1, [])


def test_one_that_is_no_reading_stays_and_no_part_of_it_is_stored(
    connection: sqlite3.Connection, state: IngestState, log: LogReader
) -> None:
    number = add(connection, "a", "json", b"{")
    array = b'[{"sensor_type":"t","value":1},{"sensor_type":"t","value":"1"}]'

    with pytest.raises(StillRejectedError, match="value must be a number") as caught:
        dead_letters.resend(connection, state, number, array, "hall", LATER)

    assert [each.reason for each in caught.value.rejected] == ["type"]
    assert (stored(connection, log), ids(connection, Filter())) == ([], [number])


def test_on_an_internal_error_it_stays(
    connection: sqlite3.Connection, state: IngestState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer rolls the transaction back: here by hand."""

    def fail(*_: object) -> None:
        raise RuntimeError("a rule that nobody thought of")

    monkeypatch.setattr(Rules, "about", fail)
    number = add(connection, "a", "json", GOOD)
    connection.execute("BEGIN")
    with pytest.raises(StillRejectedError):
        dead_letters.resend(connection, state, number, None, "hall", LATER)
    connection.execute("ROLLBACK")

    assert ids(connection, Filter()) == [number]


def test_what_is_not_there_cannot_be_deleted_or_sent(connection: sqlite3.Connection, state: IngestState) -> None:
    with pytest.raises(DeadLetterNotFoundError):
        dead_letters.delete(connection, 7)
    with pytest.raises(DeadLetterNotFoundError):
        dead_letters.resend(connection, state, 7, None, "hall", LATER)


@pytest.mark.process
async def test_the_whole_way_with_the_client(running: RunningStore) -> None:
    async with StoreClient(running.url) as client:
        bad = RawMessage("pump-1", json.dumps([1, 2, 3]).encode(), NOON)
        await client.store([bad, RawMessage("pump-2", b"{", NOON)], location="hall")
        page = await client.dead_letters(device_id="pump-1", reason="type")
        assert [each["payload"] for each in page.items] == ["Mw==", "Mg==", "MQ=="]
        first, second, third = (each["id"] for each in page.items)
        assert (await client.dead_letter(first))["reason"] == "type"
        with pytest.raises(StoreRefusedError) as caught:
            await client.resend_dead_letter(first, b"", location="hall")
        assert (caught.value.status, caught.value.problem["reason"]) == (422, "NoReading")
        assert [each["reason"] for each in caught.value.problem["rejected"]] == ["type"]
        assert await client.resend_dead_letter(first, GOOD, location="hall") == {
            "id": first,
            "device_id": "pump-1",
            "accepted": 1,
            "duplicates": 0,
        }
        await client.delete_dead_letter(second)
        for number in (first, second):
            with pytest.raises(StoreRefusedError) as caught:
                await client.delete_dead_letter(number)
            assert (caught.value.status, caught.value.problem["reason"]) == (404, "DeadLetterNotFound")
        assert await client.delete_dead_letters(device_id="pump-1", received_before="2030-01-01T00:00:00Z") == 1
        assert [each["device_id"] for each in (await client.dead_letters()).items] == ["pump-2"]
        assert third < first


@pytest.mark.process
async def test_a_request_that_would_delete_all_is_refused(running: RunningStore, http: aiohttp.ClientSession) -> None:
    url = f"{running.url}/v1/dead-letters"
    await ask(http, "POST", f"{running.url}/v1/readings", request(message("pump-1", b"{")))

    for query in ("", "?received_before=yesterday"):
        status, said = await ask(http, "DELETE", f"{url}{query}")
        assert (status, said["reason"]) == (422, "Invalid")
        assert "received_before" in said["detail"]
    assert len((await ask(http, "GET", url))[1]["dead_letters"]) == 1


@pytest.mark.process
async def test_metrics_count_them(running: RunningStore, http: aiohttp.ClientSession) -> None:
    url = f"{running.url}/v1/dead-letters"
    await ask(http, "POST", f"{running.url}/v1/readings", request(message("pump-1", [1, 2])))
    await ask(http, "POST", f"{url}/1/resend")
    await ask(http, "POST", f"{url}/1/resend?location=hall", GOOD)
    await ask(http, "DELETE", f"{url}?reason=type")

    async with http.get(f"{running.url}/metrics") as response:
        text = await response.text()

    assert 'edge_storage_dead_letters_resent_total{result="rejected"} 1.0' in text
    assert 'edge_storage_dead_letters_resent_total{result="stored"} 1.0' in text
    assert "edge_storage_dead_letters_deleted_total 1.0" in text
    assert "edge_storage_readings_total 1.0" in text
