"""G5: a power cut of the store loses nothing that was acknowledged: unsynced writes are lost, in part or whole."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from benchmarks.power_cut.layer import Layer, compiled
from e2e.cluster.errors import HarnessError
from tests.edge_storage.running import RunningStore, ask, message, request
from tests.support.missing import not_run

CUTS = 8
SENDERS = 6
PER_REQUEST = 400
"""Readings of a request: with all cuts there are more than the store keeps before it seals them."""
SEED = 5


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    """The layer under the store's directory."""
    try:
        library = compiled(tmp_path)
    except HarnessError as error:
        not_run(error)
    return Layer(tmp_path / "data", tmp_path / "journal", library, random.Random(SEED))


@pytest.fixture
async def store(layer: Layer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningStore]:
    """A store that runs on the layer."""
    for name, value in layer.environment.items():
        monkeypatch.setenv(name, value)
    async with RunningStore(layer.directory) as running:
        yield running


class Sender:
    """A device that sends in order, and again what it got no answer for.

    Attributes:
        device_id: its id.
        acknowledged: number of readings that the store has answered for.
    """

    def __init__(self, device_id: str, progress: asyncio.Semaphore) -> None:
        self.device_id = device_id
        self.acknowledged = 0
        self._progress = progress

    async def run(self, store: RunningStore, http: aiohttp.ClientSession, stop: asyncio.Event) -> None:
        while not stop.is_set():
            seqs = range(self.acknowledged, self.acknowledged + PER_REQUEST)
            readings = [{"sensor_type": "t", "value": seq, "session": "s", "seq": seq} for seq in seqs]
            body = request(message(self.device_id, readings))
            try:
                status, _ = await ask(http, "POST", f"{store.url}/v1/readings", body)
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(0.02)
                continue
            assert status == 200
            self.acknowledged += PER_REQUEST
            self._progress.release()


@pytest.mark.process
async def test_g5_power_cuts_lose_nothing_acknowledged(
    layer: Layer, store: RunningStore, http: aiohttp.ClientSession
) -> None:
    dice, progress, stop = random.Random(SEED), asyncio.Semaphore(0), asyncio.Event()
    senders = [Sender(f"pump-{number}", progress) for number in range(SENDERS)]
    sending = [asyncio.create_task(sender.run(store, http, stop)) for sender in senders]
    for _ in range(CUTS):
        async with asyncio.timeout(60):
            for _ in range(dice.randrange(5, 60)):
                await progress.acquire()
        await store.end(signal.SIGKILL)
        assert layer.cut() > 0, "the recorder does not see the store's files"
        await store.start()
    stop.set()
    await asyncio.gather(*sending)
    # What a cut has lost stays lost: its sender has its answer and does not send it again.
    await check(store, http, {sender.device_id: sender.acknowledged for sender in senders})
    assert await store.end(signal.SIGTERM) == 0


async def check(store: RunningStore, http: aiohttp.ClientSession, acknowledged: dict[str, int]) -> None:
    """Check that everything acknowledged is stored, and nothing twice."""
    stored = Counter[tuple[str, int]]()
    before = ""
    while True:
        status, page = await ask(http, "GET", f"{store.url}/v1/readings?limit=1000{before}")
        assert status == 200
        stored.update((each["device_id"], each["seq"]) for each in page["readings"])
        if page["next"] is None:
            break
        before = f"&before={page['next']}"
    owed = {(device_id, seq) for device_id, count in acknowledged.items() for seq in range(count)}
    assert owed - stored.keys() == set()
    assert [key for key, count in stored.items() if count > 1] == []
