"""A processor with work that does not end with its lease: a real process, in which one part ignores cancellation."""

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from signal import SIGCONT, SIGSTOP

import pytest

from edge_processor.lease import LeaseClient
from edge_processor.shutdown_deadline import ShutdownDeadline
from edge_service.store import StoreClient
from tests.edge_processor.site import Site
from tests.edge_service.process import ServiceProcess
from tests.support.child import END_SECONDS

FAULTY = """
import asyncio
from edge_processor import __main__ as processor, ingest_pipeline
from edge_processor.sinks.outbox import Outbox

async def deaf(self):
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass

ingest_pipeline.END_SECONDS = 0.5
Outbox.run = deaf
processor.main()
"""
SAID = "outbox is still running 0.5 s after it was cancelled: exiting, so that the process is restarted"


@dataclass
class FaultyProcessor(ServiceProcess):
    """A processor with an outbox that never ends."""

    def command(self) -> list[str]:
        return [sys.executable, "-c", FAULTY]


@pytest.fixture
def faulty(site: Site) -> Iterator[FaultyProcessor]:
    like = site.processor("faulty", LEASE_SECONDS="1s")
    process = FaultyProcessor("edge_processor", site.directory, "faulty", like.environment)
    process.start().await_ready()
    yield process
    process.kill()


def exit_code(process: ServiceProcess) -> int:
    assert process.process is not None
    return process.process.wait(END_SECONDS)


async def test_who_lost_the_lease_and_cannot_end_ends_the_process(faulty: FaultyProcessor, site: Site) -> None:
    faulty.signal(SIGSTOP)
    async with StoreClient(site.store_url) as store, asyncio.timeout(END_SECONDS):
        await LeaseClient(store, "successor", 60).acquire()
    faulty.signal(SIGCONT)
    assert await asyncio.to_thread(exit_code, faulty) == 1
    assert faulty.messages()[-1] == SAID


def test_a_signalled_processor_that_cannot_stop_ends_the_process(faulty: FaultyProcessor) -> None:
    assert faulty.stop() == 1
    assert faulty.messages()[-1] == SAID


async def test_who_ends_in_time_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    monkeypatch.setattr("os._exit", codes.append)
    with ShutdownDeadline(0.01) as deadline:
        work = [asyncio.create_task(asyncio.sleep(0)) for _ in range(2)]
        deadline.watch(work)
        await asyncio.wait(work)
    await asyncio.sleep(0.05)
    assert codes == []
