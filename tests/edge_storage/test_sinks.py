"""The interface of the sinks, with the client against the real store."""

import asyncio
import datetime as dt
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import orjson
import pytest

from edge_service.store import StoreClient, StoreRefusedError
from edge_wire.store import Cursor, DeadLetterCounts, DeclaredSinks, FencedError, RawMessage, SinkDeadLetter
from tests.edge_storage.running import RunningStore, ask
from tests.edge_storage.sinks.letters import letter

pytestmark = pytest.mark.process

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
HOT = {"name": "hot", "sensorType": "t", "above": 80}


@pytest.fixture
async def client(running: RunningStore) -> AsyncIterator[StoreClient]:
    async with StoreClient(running.url) as made:
        yield made


async def send(client: StoreClient, *values: float, device_id: str = "pump-1") -> None:
    messages = [RawMessage(device_id, orjson.dumps({"sensor_type": "t", "value": value}), NOON) for value in values]
    await client.store(messages, location="hall")


async def test_sinks_begin_now_and_survive_a_restart(running: RunningStore, client: StoreClient) -> None:
    token = (await client.acquire_lease("a", 60)).token
    await client.put_rules([HOT], token=token)
    await send(client, 90, 10, 90)

    assert await client.declare_sinks(["cloud", "kafka"], ["cloud", "webhook"], token) == DeclaredSinks(
        ("cloud", "kafka", "webhook"), ()
    )
    assert (await client.cursor("cloud"), await client.alert_cursor("webhook")) == (Cursor(3), 3)
    assert (await client.cursor("other"), await client.alert_cursor("kafka")) == (None, None)
    assert await client.put_alert_cursor("webhook", 1, token) == 3
    page = await client.log(0, 10, 10**6)
    await running.end(signal.SIGKILL)
    await running.start()

    async with StoreClient(running.url) as again:
        token = (await again.acquire_lease("a", 60)).token
        assert await again.declare_sinks(["cloud"], ["cloud"], token) == DeclaredSinks((), ("kafka", "webhook"))
        assert await again.log(0, 10, 10**6) == page
    assert len(page.log_id) == 32


async def test_alerts_in_the_order_of_their_ids(client: StoreClient) -> None:
    token = (await client.acquire_lease("a", 60)).token
    assert await client.alerts_log(0, 10) == ((), 0)
    await client.put_rules([HOT], token=token)
    await send(client, 90, 10, 95)
    await send(client, 99, device_id="pump-2")
    await client.alerts_sent([1, 2], token=token)

    found, newest = await client.alerts_log(1, 2)
    assert ([each.id for each in found], newest) == ([2, 3], 4)
    assert [each.alert["state"] for each in found] == ["cleared", "firing"]
    assert await client.alerts_log(0, 0) == ((), 4)
    firing = await client.alerts_firing()
    assert [(each["device_id"], each["value"], each["state"]) for each in firing] == [
        ("pump-1", 95, "firing"),
        ("pump-2", 99, "firing"),
    ]
    await send(client, 10)
    assert [each["device_id"] for each in await client.alerts_firing()] == ["pump-2"]
    assert await client.put_alert_cursor("cloud", 2, token) == 2
    with pytest.raises(FencedError, match="the log of the store is"):
        await client.put_alert_cursor("cloud", 3, token, "0" * 32)
    assert await client.put_alert_cursor("cloud", 3, token, (await client.log(0, 0, 1)).log_id) == 3
    with pytest.raises(StoreRefusedError, match="the newest alert has 5"):
        await client.put_alert_cursor("cloud", 6, token)


async def test_a_rejected_reading_is_delivered_again(
    running: RunningStore, client: StoreClient, http: aiohttp.ClientSession
) -> None:
    token = (await client.acquire_lease("a", 60)).token
    await client.declare_sinks(["cloud"], [], token)
    await client.store([RawMessage("pump-1", b"{", NOON)], location="hall")
    items = [letter(1, b'{"offset":1}'), letter(2), letter(None, b'{"alert_id":"x"}')]
    for _ in range(2):
        await client.add_sink_dead_letters("cloud", items, token)
    assert await client.dead_letter_counts() == DeadLetterCounts({"cloud": 3}, 1)

    letters = (await client.dead_letters(sink="cloud")).items
    assert [(each["sink"], each["offset"], each["resending"]) for each in letters] == [
        ("cloud", None, False),
        ("cloud", 2, False),
        ("cloud", 1, False),
    ]
    assert [each["sink"] for each in (await client.dead_letters()).items] == ["cloud"] * 3 + [None]
    first, second = (each["id"] for each in reversed(letters[1:]))
    for number in (second, first):
        marked = await client.resend_dead_letter(number, b"", location="hall")
        assert marked == {"id": number, "device_id": "pump-1", "sink": "cloud", "resending": True}
    status, _ = await ask(http, "POST", f"{running.url}/v1/dead-letters/{first}/resend")
    assert status == 202
    assert [(each.id, each.letter) for each in await client.sink_resends("cloud", 10)] == [
        (first, items[0]),
        (second, items[1]),
    ]

    for _ in range(2):
        await client.sink_resends_done("cloud", [first], [(second, "still no such tag")], token)
    assert await client.sink_resends("cloud") == ()
    assert (await client.dead_letter(second))["message"] == "still no such tag"
    assert await client.dead_letter_counts() == DeadLetterCounts({"cloud": 2}, 1)
    assert await client.delete_dead_letters(sink="cloud") == 2
    assert await client.dead_letter_counts() == DeadLetterCounts({}, 1)
    async with http.get(f"{running.url}/metrics") as response:
        metrics = await response.text()
    assert 'edge_storage_sink_dead_letters_total{sink="cloud"} 3.0' in metrics
    assert 'edge_storage_dead_letters_resent_total{result="marked"} 3.0' in metrics


async def test_what_is_refused(running: RunningStore, client: StoreClient, http: aiohttp.ClientSession) -> None:
    token = (await client.acquire_lease("a", 60)).token
    old: list[Callable[[], Awaitable[object]]] = [
        lambda: client.declare_sinks([], [], token - 1),
        lambda: client.put_alert_cursor("cloud", 0, token - 1),
        lambda: client.add_sink_dead_letters("cloud", [letter(1)], token - 1),
        lambda: client.sink_resends_done("cloud", [1], [], token - 1),
    ]
    for each in old:
        with pytest.raises(FencedError):
            await each()
    assert await client.dead_letter_counts() == DeadLetterCounts({}, 0)

    url = f"{running.url}/v1"
    bad = {**letter(1).to_object(), "payload": "?"}
    for method, path, body, detail in (
        ("PUT", "sinks", {"token": token, "readings": ["Cloud"], "alerts": []}, "readings[0]"),
        ("PUT", "sinks", {"token": token, "readings": []}, "alerts: it is missing"),
        ("POST", "sinks/cloud/dead-letters", {"token": token, "items": [bad]}, "payload must be base64"),
        ("POST", "sinks/cloud/dead-letters", {"token": token, "items": [7]}, "a dead letter must be an object"),
        ("PUT", "alert-cursors/cloud", {"token": token, "id": -1}, "id"),
        ("GET", "sinks/Cloud/resends", None, "path.name"),
        ("GET", "alerts/log?limit=1001", None, "query.limit"),
    ):
        status, said = await ask(http, method, f"{url}/{path}", body)
        assert (status, said["reason"]) == (422, "Invalid"), path
        assert detail in said["detail"]
    await client.add_sink_dead_letters("cloud", [letter(1)], token)
    (one,) = (await client.dead_letters()).items
    with pytest.raises(StoreRefusedError, match="the site does not have any more") as caught:
        await client.resend_dead_letter(one["id"], b"", location="hall")
    assert (caught.value.status, caught.value.problem["reason"]) == (409, "SinkNotFound")


async def test_the_list_of_sinks(running: RunningStore, client: StoreClient, http: aiohttp.ClientSession) -> None:
    token = (await client.acquire_lease("a", 60)).token
    await client.declare_sinks(["cloud"], ["webhook"], token)
    await send(client, 1, 2)

    _, said = await ask(http, "GET", f"{running.url}/v1/sinks")

    assert said["sinks"] == [
        {"name": "cloud", "pending_readings": 2, "pending_alerts": None, "dead_letters": 0},
        {"name": "cloud-sensors", "pending_readings": 2, "pending_alerts": None, "dead_letters": 0},
        {"name": "webhook", "pending_readings": None, "pending_alerts": 0, "dead_letters": 0},
    ]


async def test_dead_letters_of_sinks_survive_a_kill(running: RunningStore, client: StoreClient) -> None:
    """A cursor may only pass a rejected reading when its dead letter is on the disk."""
    token = (await client.acquire_lease("a", 60)).token
    kept: list[SinkDeadLetter] = []
    for offset in range(1, 40):
        kept.append(letter(offset))
        await client.add_sink_dead_letters("cloud", kept[-1:], token)
        if offset == 30:
            sending = asyncio.create_task(client.add_sink_dead_letters("cloud", [letter(99)], token))
            await running.end(signal.SIGKILL)
            await asyncio.gather(sending, return_exceptions=True)
            break
    await running.start()

    async with StoreClient(running.url) as again:
        found = (await again.dead_letters(limit=100, sink="cloud")).items
    assert {each["offset"] for each in found} >= {each.offset for each in kept}
