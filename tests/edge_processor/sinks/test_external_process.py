"""A processor with a sink outside the site, which is killed in the middle; real processes but for the far end: a file.

Each reading is a line in the file before it is confirmed.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from edge_processor.delivery.lanes.backlog import LIVE_SECONDS
from edge_wire import topics
from edge_wire.messages import PROCESSOR
from edge_wire.messages.sinks import SinkReport, sink_reports
from tests.edge_processor.site import SECONDS, Heard, Site
from tests.edge_service.process import ServiceProcess

FAR_END = """
import asyncio, os, sys, types
from edge_processor import __main__ as processor
from edge_processor.delivery.destination import DeliveryError, Outcome

class File:
    def __init__(self, settings, log_id):
        self.path = os.environ["FAR_END"]
        self.log_id = log_id
        self.connected = asyncio.Event()
        self.last_error = ""

    def sender(self, lane):
        return Lane(self, lane)

    async def send_alerts(self, alerts):
        if not self.connected.is_set():
            raise DeliveryError(self.last_error)
        self.write("".join(f"alert {each.id}\\n" for each in alerts))

    def write(self, text):
        with open(self.path, "a") as file:
            file.write(text)

    async def run(self):
        while True:
            if os.path.exists(self.path + ".cut"):
                self.last_error = "the link is cut"
                self.connected.clear()
            else:
                self.connected.set()
            await asyncio.sleep(0.05)

class Lane:
    def __init__(self, file, lane):
        self.file, self.lane, self.tasks = file, lane, set()
        self.lock = asyncio.Lock()

    def send(self, entries):
        assert len(self.file.log_id) == 32
        future = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self.deliver(entries, future))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return future

    async def deliver(self, entries, future):
        async with self.lock:
            await self.file.connected.wait()
            await asyncio.sleep(0.02)
            self.file.write("".join(f"{self.lane} {offset}\\n" for offset, _ in entries))
            future.set_result(Outcome())

module = types.ModuleType("edge_processor.sinks.cloud")
module.cloud_destination = File
sys.modules["edge_processor.sinks.cloud"] = module
processor.main()
"""

DEVICES = ("d1", "d2", "d3")
READINGS = 500


@dataclass
class FileProcessor(ServiceProcess):
    """A processor with a file as the far end."""

    def command(self) -> list[str]:
        return [sys.executable, "-c", FAR_END]


@dataclass
class World:
    """A site with such a processor.

    Attributes:
        site: it.
        processor: it.
        file: the far end.
    """

    site: Site
    processor: FileProcessor
    file: Path

    def came(self, lane: str | None = None) -> list[int]:
        """Return the offsets, or the ids of alerts, in the order in which they came."""
        if not self.file.exists():
            return []
        lines = [line.split() for line in self.file.read_text().splitlines()]
        return [int(number) for name, number in lines if name == lane or (lane is None and name != "alert")]

    def cut(self) -> None:
        self.file.with_name(self.file.name + ".cut").touch()

    def restore(self) -> None:
        self.file.with_name(self.file.name + ".cut").unlink()

    async def burst(self, device_id: str, session: str) -> None:
        """Publish readings as one device until each is acknowledged."""
        async with self.site.device(device_id) as device:
            sent = [device.send(f"devices/{device_id}/data", reading(session, seq)) for seq in range(READINGS)]
            await asyncio.gather(*sent)

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(3 * SECONDS):
            while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - the file tells of no event
                await asyncio.sleep(0.05)

    def figure(self, name: str) -> float:
        return self.processor.metric(f"edge_processor_sink_{name}", sink="cloud")


def reading(session: str, seq: int) -> bytes:
    return orjson.dumps({"sensor_type": "temperature", "value": seq % 50, "session": session, "seq": seq})


@pytest.fixture
def world(site: Site) -> World:
    file = site.directory / "far-end"
    like = site.processor("processor", LEASE_SECONDS="1s", CLOUD_ENDPOINT="https://cloud.test", FAR_END=str(file))
    processor = FileProcessor("edge_processor", site.directory, "processor", like.environment)
    site.made.append(processor)
    return World(site, processor, file)


async def bursts(world: World, session: str) -> None:
    await asyncio.gather(*(world.burst(device_id, session) for device_id in DEVICES))


async def test_g6_a_processor_that_is_killed_loses_nothing(world: World) -> None:
    await asyncio.to_thread(lambda: world.processor.start().await_ready())
    total = 0
    for round_number in range(3):
        sending = asyncio.create_task(bursts(world, f"s{round_number}"))
        await world.until(lambda before=total: len(set(world.came())) > before + READINGS / 2)  # type: ignore[misc]
        await sending
        total += READINGS * len(DEVICES)
        await asyncio.to_thread(world.processor.kill)
        await asyncio.to_thread(lambda: world.processor.start().await_ready())
    await world.until(lambda: len(set(world.came())) >= total)
    assert set(world.came()) == set(range(1, total + 1))


async def test_g6_an_outage_with_a_kill_in_it_loses_nothing_and_is_reported(world: World) -> None:
    site = world.site
    await asyncio.to_thread(lambda: world.processor.start().await_ready())
    async with site.listener("~operator", topics.component_status(PROCESSOR)) as heard:
        await heard.until(lambda: _last(heard) is not None and _last(heard).connected)  # type: ignore[union-attr]
        await bursts(world, "before")
        first = READINGS * len(DEVICES)
        await world.until(lambda: len(set(world.came())) == first)
        world.cut()
        await heard.until(lambda: not _last(heard).connected)  # type: ignore[union-attr]
        report = _last(heard)
        assert report is not None
        assert report.last_error == "the link is cut"
        await bursts(world, "cut")
        await asyncio.to_thread(world.processor.kill)
        await asyncio.to_thread(lambda: world.processor.start().await_ready())
        await world.until(lambda: world.figure("pending_readings") >= first)
        assert world.figure("connected") == 0
        await world.until(lambda: world.figure("oldest_pending_seconds") > LIVE_SECONDS)
        world.restore()
        await world.until(lambda: len(set(world.came())) == 2 * first)
        await world.until(lambda: world.figure("pending_readings") == 0)
        await heard.until(lambda: _last(heard).connected)  # type: ignore[union-attr]
    again = {offset: count for offset, count in Counter(world.came()).items() if count > 1}
    assert all(offset <= first for offset in again), "what was confirmed long before the kill is not repeated"
    backlog = [offset for offset in world.came("backlog") if offset > first]
    assert backlog == sorted(backlog)


def _last(heard: Heard) -> SinkReport | None:
    """Return the last report of the cloud."""
    payloads = [each for each in heard.payloads(topics.component_status(PROCESSOR)) if "sinks" in each]
    return sink_reports(payloads[-1]["sinks"])[0] if payloads and payloads[-1]["sinks"] else None


async def test_alerts_come_after_a_kill(world: World) -> None:
    await asyncio.to_thread(lambda: world.processor.start().await_ready())
    await world.until(lambda: world.figure("connected") == 1)
    world.cut()
    await world.until(lambda: world.figure("connected") == 0)
    async with world.site.device("d1") as device:
        for seq, value in enumerate((90, 20, 90)):
            payload = orjson.dumps({"sensor_type": "temperature", "value": value, "session": "a", "seq": seq})
            await device.publish("devices/d1/data", payload)
    await asyncio.to_thread(world.processor.kill)
    world.restore()
    await asyncio.to_thread(lambda: world.processor.start().await_ready())
    await world.until(lambda: len(set(world.came("alert"))) == 3)
    assert world.came("alert") == sorted(world.came("alert"))
