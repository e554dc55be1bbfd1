"""G5: kill -9 of the store at any moment loses nothing that was acknowledged, and doubles nothing."""

import asyncio
import random
import signal
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator

import aiohttp
import orjson

from edge_storage.database.connections import FILE
from tests.edge_storage.lines import lines_of
from tests.edge_storage.running import RunningStore, ask, message, request

KILLS = 6
SENDERS = 8
PER_REQUEST = 5
HOT = {"name": "hot", "sensorType": "temperature", "above": 80}
HOT_VALUE, COOL_VALUE = 90, 10


class Sender:
    """One device: sends in order, and again what it got no answer for, as devices and the ingester do."""

    def __init__(self, device_id: str, progress: asyncio.Semaphore) -> None:
        self.device_id = device_id
        self._progress = progress
        self.acknowledged = 0
        self._seq = self._numbers()

    async def run(self, store: RunningStore, http: aiohttp.ClientSession, stop: asyncio.Event) -> None:
        batch: list[int] = []
        while not stop.is_set():
            batch = batch or [next(self._seq) for _ in range(PER_REQUEST)]
            try:
                status, _ = await ask(http, "POST", f"{store.url}/v1/readings", self._request(batch))
            except aiohttp.ClientError:
                await asyncio.sleep(0.02)
                continue
            assert status == 200
            self.acknowledged = batch[-1] + 1
            self._progress.release()
            batch = []

    def _request(self, batch: list[int]) -> dict[str, object]:
        # Each reading starts or clears an alert: one that was checked twice, or not at all, would show.
        readings = [
            {
                "sensor_type": "temperature",
                "value": HOT_VALUE if seq % 2 == 0 else COOL_VALUE,
                "session": "s",
                "seq": seq,
            }
            for seq in batch
        ]
        return request(*(message(self.device_id, reading) for reading in readings))

    @staticmethod
    def _numbers() -> Iterator[int]:
        number = 0
        while True:
            yield number
            number += 1


async def test_nothing_acknowledged_is_lost(running: RunningStore, http: aiohttp.ClientSession) -> None:
    await ask(http, "PUT", f"{running.url}/v1/rules", {"rules": [HOT]})
    progress = asyncio.Semaphore(0)
    senders = [Sender(f"pump-{number}", progress) for number in range(SENDERS)]
    stop = asyncio.Event()
    sending = [asyncio.create_task(sender.run(running, http, stop)) for sender in senders]
    dice = random.Random(4)

    for _ in range(KILLS):
        async with asyncio.timeout(30):
            for _ in range(dice.randrange(5, 80)):
                await progress.acquire()
        await running.end(signal.SIGKILL)
        _check(running, senders)
        await running.start()
    stop.set()
    await asyncio.gather(*sending)

    _check(running, senders)
    _check_alerts(running)
    assert await running.end(signal.SIGTERM) == 0


def _check(running: RunningStore, senders: list[Sender]) -> None:
    database = sqlite3.connect(running.directory / FILE)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    stored = Counter((reading["device_id"], reading["seq"]) for reading in lines_of(running.directory))
    wanted = {(sender.device_id, seq) for sender in senders for seq in range(sender.acknowledged)}
    assert wanted - stored.keys() == set()
    assert set(stored.values()) <= {1}


def _check_alerts(running: RunningStore) -> None:
    database = sqlite3.connect(running.directory / FILE)
    readings = Counter(reading["device_id"] for reading in lines_of(running.directory))
    states = defaultdict(list)
    for device_id, body in database.execute("SELECT device_id, body FROM alert ORDER BY id"):
        states[device_id].append(orjson.loads(body)["state"])
    database.close()
    for device_id, count in readings.items():
        assert states[device_id] == [("firing", "cleared")[number % 2] for number in range(count)]
