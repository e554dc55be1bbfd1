"""Messages that wait together are stored with one request to the real store; each sender gets its own result."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import orjson
import pytest

from edge_gateway.message_batches import MAX_BATCH_BYTES, MAX_WAITING_BYTES, MessageBatches, TooManyWaitingError
from edge_service.store import StoreClient, StoreRefusedError
from edge_wire.messages import MAX_PAYLOAD_BYTES
from edge_wire.store import MessageResult, RawMessage, StoreUnavailableError
from tests.edge_service.process import ServiceProcess
from tests.support.child import HOST

pytestmark = pytest.mark.process

NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    here: Path = tmp_path_factory.mktemp("store")
    process = ServiceProcess("edge_storage", here, "store", {"STORAGE_PATH": str(here)})
    process.start().await_ready()
    yield process
    process.kill()


@pytest.fixture
async def client(store: ServiceProcess) -> AsyncIterator[StoreClient]:
    async with StoreClient(f"http://{HOST}:{store.port}") as made:
        yield made


class Batches(MessageBatches):
    """Batches that note the number of messages of each request to the store."""

    def __init__(self, client: StoreClient) -> None:
        self.sizes: list[int] = []
        super().__init__(client, "hall", self.sizes.append)


def message(device_id: str, seq: int, size: int = 0) -> RawMessage:
    """Return a message with one reading, of at least `size` bytes."""
    document = {"sensor_type": "t", "value": seq, "session": "s", "seq": seq, "metadata": {"note": "x" * size}}
    return RawMessage(device_id, orjson.dumps(document), NOW)


async def started(batches: Batches, messages: list[RawMessage]) -> list[asyncio.Task[MessageResult]]:
    """Return a task for each message, when all wait; the store must not answer."""
    tasks = [asyncio.create_task(batches.store(each)) for each in messages]
    # All begin to wait; then those that can be sent are sent.
    for _ in range(2):
        await asyncio.sleep(0)
    return tasks


class Stopped:
    """Stops a store, so that requests to it wait; it continues at the end."""

    def __init__(self, store: ServiceProcess) -> None:
        self._store = store

    def __enter__(self) -> None:
        self._store.signal(SIGSTOP)

    def __exit__(self, *_: object) -> None:
        self._store.signal(SIGCONT)


async def seqs(client: StoreClient, device_id: str) -> list[int]:
    """Return the numbers of the stored readings of a device, in their order."""
    found: list[int] = []
    before: int | None = None
    while True:
        page = await client.readings(device_id, limit=1000, before=before)
        found += [item["seq"] for item in page.items]
        before = page.next
        if before is None:
            return found[::-1]


async def test_lone_message_is_sent_alone_and_those_that_wait_together(
    store: ServiceProcess, client: StoreClient
) -> None:
    batches = Batches(client)
    assert (await batches.store(message("lone", 0))).accepted == 1
    with Stopped(store):
        first = await started(batches, [message("lone", 1)])
        others = await started(batches, [message("lone", seq) for seq in range(2, 12)])
    results = await asyncio.gather(*first, *others)
    assert [result.accepted for result in results] == [1] * 11
    assert batches.sizes == [1, 1, 10]
    assert await seqs(client, "lone") == list(range(12))


async def test_each_sender_gets_its_own_result(store: ServiceProcess, client: StoreClient) -> None:
    batches = Batches(client)
    twice = message("own", 1)
    mixed = RawMessage("own", b'[{"sensor_type":"t","value":1},{"sensor_type":"t","value":2},7,8,9]', NOW)
    with Stopped(store):
        tasks = await started(batches, [twice, RawMessage("own", b"{", NOW), twice, mixed, message("own", 2)])
    results = await asyncio.gather(*tasks)
    assert [(one.accepted, one.duplicates, len(one.rejected)) for one in results] == [
        (1, 0, 0),
        (0, 0, 1),
        (0, 1, 0),
        (2, 0, 3),
        (1, 0, 0),
    ]
    assert results[1].rejected[0].reason == "json"


async def test_sender_that_gives_up_harms_no_other(store: ServiceProcess, client: StoreClient) -> None:
    batches = Batches(client)
    with Stopped(store):
        sent = await started(batches, [message("given-up", seq) for seq in range(3)])
        waiting = await started(batches, [message("given-up", seq) for seq in range(3, 6)])
        for task in (sent[0], waiting[1]):
            task.cancel()
        await asyncio.wait([sent[0], waiting[1]])
    others = [sent[1], sent[2], waiting[0], waiting[2]]
    assert [result.accepted for result in await asyncio.gather(*others)] == [1] * 4
    assert await seqs(client, "given-up") == list(range(6))


async def test_large_messages_and_small_ones_are_sent_in_order_and_within_the_limit(
    store: ServiceProcess, client: StoreClient
) -> None:
    batches = Batches(client)
    large = MAX_PAYLOAD_BYTES - 200
    with Stopped(store):
        tasks = await started(batches, [message("large", 0)])
        tasks += await started(batches, [message("large", seq, large if seq % 2 else 0) for seq in range(1, 9)])
    assert [result.accepted for result in await asyncio.gather(*tasks)] == [1] * 9
    assert 2 * MAX_PAYLOAD_BYTES <= MAX_BATCH_BYTES
    # 0, then as many as fit: 1 2 3, 4 5 6 7, 8, where the odd ones are large and two of them fit.
    assert batches.sizes == [1, 4, 4]
    assert await seqs(client, "large") == list(range(9))


async def test_more_than_may_wait_is_refused_and_not_stored(store: ServiceProcess, client: StoreClient) -> None:
    batches = Batches(client)
    size = MAX_PAYLOAD_BYTES - 200
    count = MAX_WAITING_BYTES // len(message("full", 0, size).payload)
    with Stopped(store):
        tasks = await started(batches, [message("full", 0)])
        tasks += await started(batches, [message("full", seq, size) for seq in range(1, count + 1)])
        with pytest.raises(TooManyWaitingError, match="already wait"):
            await batches.store(message("full", count + 1, size))
    assert sum(result.accepted for result in await asyncio.gather(*tasks)) == count + 1
    assert (await batches.store(message("full", count + 2))).accepted == 1
    assert await seqs(client, "full") == [*range(count + 1), count + 2]


async def test_message_that_the_store_refuses_fails_alone(store: ServiceProcess, client: StoreClient) -> None:
    batches = Batches(client)
    with Stopped(store):
        tasks = await started(batches, [message("alone", 0)])
        tasks += await started(batches, [message("alone", 1), message("", 2), message("alone", 3)])
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[2], StoreRefusedError)
    assert "device_id must not be empty" in str(results[2])
    assert [one.accepted for one in results if isinstance(one, MessageResult)] == [1] * 3
    assert await seqs(client, "alone") == [0, 1, 3]
    # Only those of that batch were sent alone.
    with Stopped(store):
        tasks = await started(batches, [message("alone", 4)])
        tasks += await started(batches, [message("alone", 5), message("alone", 6)])
    await asyncio.gather(*tasks)
    assert batches.sizes[-2:] == [1, 2]


async def test_store_that_is_killed_fails_those_that_were_sent_and_those_that_wait(
    store: ServiceProcess, client: StoreClient
) -> None:
    batches = Batches(client)
    assert (await batches.store(message("killed", 0))).accepted == 1
    store.signal(SIGSTOP)
    tasks = await started(batches, [message("killed", seq) for seq in range(1, 4)])
    tasks += await started(batches, [message("killed", seq) for seq in range(4, 600)])
    store.kill()
    async with asyncio.timeout(5):
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(each) for each in results} == {StoreUnavailableError}
    store.environment = {**store.environment, "PORT": str(store.port)}
    store.start().await_ready()
    assert (await batches.store(message("killed", 1000))).accepted == 1
    stored = await seqs(client, "killed")
    assert stored[0] == 0
    assert stored[-1] == 1000


async def test_store_that_stops_makes_nobody_wait_for_more_than_two_requests(store: ServiceProcess) -> None:
    async with StoreClient(f"http://{HOST}:{store.port}", timeout_seconds=0.5) as client:
        batches = Batches(client)
        clock = asyncio.get_running_loop().time
        with Stopped(store):
            begun = clock()
            tasks = await started(batches, [message("stopped", seq, MAX_PAYLOAD_BYTES - 200) for seq in range(20)])
            results = await asyncio.gather(*tasks, return_exceptions=True)
            taken = clock() - begun
    assert {type(each) for each in results} == {StoreUnavailableError}
    assert taken < 3
