"""The store's interface, against the real process."""

import asyncio
import datetime as dt
import io
import json
import re
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from edge_service.store import StoreClient
from edge_storage.database.connections import open_writer
from edge_storage.log.line import offset_of
from edge_wire.messages import CommandAck
from edge_wire.store import CLOUD_SENSORS, Cursor, FencedError, LeaseHeldError, LogPage, RawMessage
from tests.edge_storage.lines import lines_of
from tests.edge_storage.running import RunningStore, ask, eventually, message, request

pytestmark = pytest.mark.process

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
HOT = {"name": "hot", "sensorType": "temperature", "above": 80}
READING = {"sensor_type": "temperature", "value": 90, "session": "s", "seq": 1}
OK, NO_CONTENT, CONFLICT, INVALID = 200, 204, 409, 422


async def test_the_whole_way_with_the_client_of_the_other_components(running: RunningStore) -> None:
    raw = RawMessage("pump-1", json.dumps([READING, 7]).encode(), NOON)
    async with StoreClient(running.url) as client:
        await client.ready()
        lease = await client.acquire_lease("a", 30)
        await client.put_rules([HOT], token=lease.token)
        stored = [await client.store([raw], location="hall", token=lease.token) for _ in range(2)]
        waiting = await client.alerts_to_send()
        await client.alerts_sent([each.id for each in waiting], token=lease.token)
        after = await client.alerts_to_send()
        await client.put_command("pump-1", "c1", {"command": "open", "state": "Queued"})

        assert [(each.accepted, each.duplicates) for some in stored for each in some.results] == [(1, 0), (0, 1)]
        assert [each.reason for some in stored for one in some.results for each in one.rejected] == ["type"] * 2
        assert [(each.alert["state"], each.alert["threshold"]) for each in waiting] == [("firing", 80.0)]
        assert after == ()
        assert (await client.readings("pump-1")).items == stored[0].readings
        assert [each["state"] for each in (await client.alerts("pump-1")).items] == ["firing"]
        assert len((await client.dead_letters()).items) == 2
        assert await client.arrivals() == {"arrivals": {"pump-1": "2026-01-31T12:00:00.000Z"}}
        assert (await client.command("pump-1", "c1"))["state"] == "Queued"
        assert [each["command_id"] for each in await client.commands("pump-1", "Queued")] == ["c1"]
        deep: Any = "x" * 250 * 1024
        for _ in range(60):
            deep = [deep]
        answers = [CommandAck(name, "ok", deep) for name in ("c1", "none", "c1")]
        assert await client.acknowledge_commands([("pump-1", each) for each in answers]) == (1, (1,))
        assert (await client.command("pump-1", "c1"))["result"] == deep
        await client.put_command("pump-1", "c2", {"body": {"x": deep}, "state": "Queued"})
        with pytest.raises(LeaseHeldError):
            await client.acquire_lease("b", 30)
        with pytest.raises(FencedError):
            await client.store([raw], location="hall", token=lease.token + 1)
        await client.release_lease("a", lease.token)
        assert (await client.acquire_lease("b", 30)).token == lease.token + 1


async def test_a_sink_reads_the_log_and_moves_its_cursor(running: RunningStore) -> None:
    async with StoreClient(running.url) as client:
        empty = await client.log(0, 10, 1000)
        assert empty == LogPage((), 0, empty.log_id)
        assert re.fullmatch("[0-9a-f]{32}", empty.log_id)
        raw = RawMessage("pump-1", json.dumps([READING | {"seq": seq} for seq in range(3)]).encode(), NOON)
        stored = await client.store([raw], location="hall")
        lease = await client.acquire_lease("a", 30)

        page = await client.log(1, 10, 100_000)
        assert [json.loads(line) for line in page.lines] == list(stored.readings[1:])
        assert [offset_of(line) for line in page.lines] == [2, 3]
        assert (await client.log(0, 0, 1), (await client.log(0, 10, 1)).lines) == (
            LogPage((), 3, empty.log_id),
            await first(client),
        )
        assert await client.cursor("kafka") is None
        assert await client.cursor(CLOUD_SENSORS) == Cursor(0)
        assert await client.put_cursor("kafka", Cursor(1, ((3, 3),)), token=lease.token) == Cursor(1, ((3, 3),))
        assert await client.put_cursor("kafka", Cursor(0), token=lease.token) == Cursor(1, ((3, 3),))
        assert await client.cursor("kafka") == Cursor(1, ((3, 3),))
        with pytest.raises(FencedError):
            await client.put_cursor("kafka", Cursor(1), token=lease.token - 1)
        log_id = (await client.log(0, 0, 1)).log_id
        assert (await client.put_cursor("kafka", Cursor(1), token=lease.token, log_id=log_id)).has(1)
        with pytest.raises(FencedError, match=f"the log of the store is {log_id}, not 0000"):
            await client.put_cursor("kafka", Cursor(1), token=lease.token, log_id="0" * 32)


async def first(client: StoreClient) -> tuple[bytes, ...]:
    return (await client.log(0, 1, 100_000)).lines


async def test_cursors_are_listed_with_what_is_pending(running: RunningStore, http: aiohttp.ClientSession) -> None:
    await ask(http, "POST", f"{running.url}/v1/readings", request(message("pump-1", [READING, READING | {"seq": 2}])))

    assert await ask(http, "GET", f"{running.url}/v1/cursors") == (
        OK,
        {"newest_offset": 2, "cursors": [{"name": CLOUD_SENSORS, "done": 0, "ranges": [], "pending": 2}]},
    )


PROBLEMS: list[tuple[str, str, Any, int, str, str]] = [
    ("POST", "/v1/readings", b"{", INVALID, "Invalid", "the body is not JSON"),
    ("POST", "/v1/readings", request(message("", {})), INVALID, "Invalid", "messages[0].device_id"),
    ("POST", "/v1/readings", request(token=5), CONFLICT, "Fenced", "the lease's token is 0"),
    ("POST", "/v1/readings", b" " * (2 * 1024 * 1024 + 1), 413, "TooLarge", "send at most 2097152"),
    ("GET", "/v1/readings?limit=0", None, INVALID, "Invalid", "limit"),
    ("GET", "/v1/readings?limit=1001", None, INVALID, "Invalid", "limit"),
    ("GET", "/v1/readings?before=-1", None, INVALID, "Invalid", "before"),
    ("GET", f"/v1/readings?before={2**70}", None, INVALID, "Invalid", "before"),
    ("POST", "/v1/lease", {"holder": "a", "ttl_seconds": 0}, INVALID, "Invalid", "ttl_seconds"),
    ("POST", "/v1/lease", b'{"holder":"a","ttl_seconds":NaN}', INVALID, "Invalid", "not JSON"),
    ("POST", "/v1/lease", b"", INVALID, "Invalid", "empty"),
    ("POST", "/v1/lease", b"[" * 1000, INVALID, "Invalid", "not JSON"),
    ("PUT", "/v1/rules", {"rules": [{"name": "hot"}]}, INVALID, "Invalid", "rule hot: sensorType is missing"),
    ("PUT", "/v1/rules", {"token": 5, "rules": []}, CONFLICT, "Fenced", "the lease's token is 0"),
    ("POST", "/v1/alerts/outbox/sent", {"ids": [2**70]}, INVALID, "Invalid", "ids"),
    ("PUT", "/v1/commands/pump-1/c1", {"state": "Lost"}, INVALID, "Invalid", "state"),
    ("PUT", "/v1/commands/pump-1/c1", b'{"state":"Queued","x":"\\ud800"}', INVALID, "Invalid", "not JSON"),
    ("POST", "/v1/commands/pump-1/c1", {"state": "Lost"}, INVALID, "Invalid", "state"),
    ("GET", "/v1/commands/pump-1/c1", None, 404, "CommandNotFound", "device pump-1 has no command c1"),
    ("GET", "/v1/commands/pump-1?state=Lost", None, INVALID, "Invalid", "state: must be Queued, Sent, NoSession"),
    ("GET", f"/v1/commands/{'d' * 129}/c1", None, INVALID, "Invalid", "device_id"),
    ("GET", "/v1/dead-letters/first", None, INVALID, "Invalid", "number"),
    ("POST", f"/v1/dead-letters/1/resend?location={'x' * 257}", None, INVALID, "Invalid", "location"),
    ("GET", "/v1/log?after=-1", None, INVALID, "Invalid", "after"),
    ("GET", "/v1/log?limit=10001", None, INVALID, "Invalid", "limit"),
    ("GET", "/v1/log?max_bytes=0", None, INVALID, "Invalid", "max_bytes"),
    ("GET", "/v1/cursors/kafka", None, 404, "CursorNotFound", "the sink kafka has no cursor"),
    ("GET", "/v1/cursors/Kafka", None, INVALID, "Invalid", "name"),
    ("PUT", "/v1/cursors/kafka", {"done": 0}, INVALID, "Invalid", "token"),
    ("PUT", "/v1/cursors/kafka", {"token": "0", "done": 0}, INVALID, "Invalid", "token"),
    ("PUT", "/v1/cursors/kafka", {"token": 5, "done": 0}, CONFLICT, "Fenced", "the lease's token is 0"),
    ("PUT", "/v1/cursors/kafka", {"token": 0, "done": 1}, INVALID, "Invalid", "the newest offset is 0"),
    ("PUT", "/v1/cursors/kafka", {"token": 0, "done": 0, "ranges": [[2, 1]]}, INVALID, "Invalid", "ranges[0]"),
    ("GET", "/v1/nothing", None, 404, "NotFound", "/v1/nothing"),
    ("DELETE", "/v1/readings", None, 405, "MethodNotAllowed", "DELETE /v1/readings"),
]


async def test_every_refusal_is_a_problem_that_says_what_is_wrong(
    running: RunningStore, http: aiohttp.ClientSession
) -> None:
    for method, path, body, status, reason, told in PROBLEMS:
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        async with http.request(method, running.url + path, data=io.BytesIO(raw)) as response:
            said = await response.json(content_type="application/problem+json")
        assert (response.status, said["status"], said["reason"]) == (status, status, reason), (method, path)
        assert told in said["detail"], said
        assert said["type"] == "about:blank"
        assert said["title"]
    assert (await ask(http, "GET", f"{running.url}/health"))[0] == OK
    assert [line for line in running.lines if line["level"] == "error"] == []


async def test_a_body_without_a_length_is_bounded_too(running: RunningStore, http: aiohttp.ClientSession) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 100_000

    async with http.post(f"{running.url}/v1/readings", data=endless()) as response:
        assert response.status == 413


async def test_more_than_may_wait_is_put_off_and_not_lost(running: RunningStore, http: aiohttp.ClientSession) -> None:
    large = json.dumps({"sensor_type": "t", "value": 1, "metadata": {"note": "x" * 200_000}}).encode()
    body = request(*[message("pump-1", large)] * 7)

    answers = await asyncio.gather(*(ask(http, "POST", f"{running.url}/v1/readings", body) for _ in range(40)))

    statuses = [status for status, _ in answers]
    assert set(statuses) <= {200, 503}
    assert {said["reason"] for status, said in answers if status == 503} <= {"Busy"}
    _, page = await ask(http, "GET", f"{running.url}/v1/readings?limit=1")
    assert page["readings"][0]["offset"] == statuses.count(200) * 7


async def test_metrics_count_what_came(running: RunningStore, http: aiohttp.ClientSession) -> None:
    await ask(http, "POST", f"{running.url}/v1/readings", request(message("pump-1", [READING, READING, 7])))

    async with http.get(f"{running.url}/metrics") as response:
        text = await response.text()

    assert "edge_storage_readings_total 1.0" in text
    assert "edge_storage_duplicates_total 1.0" in text
    assert 'edge_storage_rejected_total{reason="type"} 1.0' in text
    assert "edge_storage_transaction_requests_sum 1.0" in text


async def test_sigterm_answers_what_has_come_in(running: RunningStore, http: aiohttp.ClientSession) -> None:
    url = f"{running.url}/v1/readings"
    sent = [
        asyncio.create_task(ask(http, "POST", url, request(message("pump-1", READING | {"seq": number}))))
        for number in range(50)
    ]
    done, _ = await asyncio.wait(sent, return_when=asyncio.FIRST_COMPLETED)
    assert done

    assert await running.end(signal.SIGTERM) == 0

    answers = await asyncio.gather(*sent, return_exceptions=True)
    stored = sum(1 for each in answers if isinstance(each, tuple) and each[0] == OK)
    assert len(lines_of(running.directory)) >= stored > 0


async def test_two_stores_in_one_directory_wait_for_each_other(
    running: RunningStore, http: aiohttp.ClientSession
) -> None:
    await ask(http, "POST", f"{running.url}/v1/readings", request(message("pump-1", READING)))
    second = RunningStore(running.directory)
    starting = asyncio.create_task(second.start())

    async def waits() -> bool:
        return any("another store uses" in line["message"] for line in second.lines)

    await eventually(waits)
    assert not starting.done()

    await running.end(signal.SIGTERM)
    await starting

    _, page = await ask(http, "GET", f"{second.url}/v1/readings")
    assert len(page["readings"]) == 1
    assert await second.end(signal.SIGTERM) == 0


async def test_a_database_of_a_newer_release_is_refused_with_a_word(tmp_path: Path) -> None:
    connection = open_writer(tmp_path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    store = RunningStore(tmp_path)

    with pytest.raises(RuntimeError, match=r"edge\.db has schema version 99, this release knows 3"):
        await store.start()

    async with asyncio.timeout(10):
        assert await store.process.wait() == 2


async def test_help_names_every_setting() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge_storage", "--help", stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(30):
        said, _ = await process.communicate()

    assert process.returncode == 0
    assert all(name in said.decode() for name in ("STORAGE_PATH", "RETENTION_MAX_BYTES", "RETENTION_MAX_AGE", "PORT"))
    assert not any(name in said.decode() for name in ("SYNC_INTERVAL", "CLOUD_")), "the processor forwards"
