"""The Kafka destination at work against a real node, as a sink has it."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from edge_processor.delivery.destination import LaneName, Outcome
from edge_processor.delivery.ledger import Entry
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.kafka import KafkaSink, kafka_destination
from edge_wire.store.line import device_id_of
from tests.support.kafka import PASSWORD, USER, Record, authority

LOG_ID = "0123456789abcdef0123456789abcdef"
SITE = "plants/plant-1"
BATCH_READINGS = 500
SECONDS = 60.0


def settings(brokers: str, topic: str, directory: Path | None = None) -> ProcessorSettings:
    return ProcessorSettings(
        edge_namespace="plants",
        edge_site="plant-1",
        output_sink=f"kafka://{brokers}",
        kafka_topic=topic,
        kafka_alerts_topic=f"{topic}-alerts",
        kafka_credentials_dir=directory,
    )


def credentials(directory: Path, *, password: str | None = PASSWORD, pem: str | None = None) -> Path:
    """Write a Secret's files as the kubelet does: a directory that a link replaces at once."""
    directory.mkdir(parents=True, exist_ok=True)
    version = directory / f"..{time.monotonic_ns()}"
    version.mkdir()
    (version / "ca.crt").write_text(authority() if pem is None else pem)
    if password is not None:
        (version / "username").write_text(USER)
        (version / "password").write_text(password)
    draft = directory / "..draft"
    draft.symlink_to(version.name)
    draft.replace(directory / "..data")
    for path in version.iterdir():
        link = directory / path.name
        if not link.is_symlink():
            link.symlink_to(f"..data/{path.name}")
    return directory


def reading(offset: int, random_bytes: int = 0) -> Entry:
    """Return a stored reading with bytes that no compression makes smaller; 50 devices take turns."""
    note = random.Random(offset).randbytes(random_bytes).hex()
    members = f'"device_id":"sensor-{offset % 50:03d}","note":"{note}","value":{offset % 97}.5,"offset":{offset}'
    return offset, f'{{{members},"received_at":"2026-11-30T12:00:00.000Z"}}'.encode()


def readings(first: int, count: int) -> list[Entry]:
    return [reading(offset) for offset in range(first, first + count)]


@asynccontextmanager
async def running(wanted: ProcessorSettings) -> AsyncIterator[KafkaSink]:
    """Run a destination; at the end it must have freed its producer in time."""
    destination = kafka_destination(wanted, LOG_ID)
    task = asyncio.create_task(destination.run())
    try:
        yield destination
    finally:
        assert not task.done(), task
        task.cancel()
        began = time.monotonic()
        with suppress(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 5.0
        assert not destination.connected.is_set()


async def deliver(
    destination: KafkaSink, entries: Sequence[Entry], lane: LaneName = "live", batch: int = BATCH_READINGS
) -> list[Outcome]:
    """Deliver readings as a lane does: two batches in flight, in order."""
    sender = destination.sender(lane)
    outcomes: list[Outcome] = []
    in_flight: list[asyncio.Future[Outcome]] = []
    for at in range(0, len(entries), batch):
        if len(in_flight) == 2:
            outcomes.append(await in_flight.pop(0))
        in_flight.append(sender.send(entries[at : at + batch]))
    outcomes += [await each for each in in_flight]
    return outcomes


async def until(what: str, holds: "asyncio.Event", seconds: float = SECONDS) -> None:
    async with asyncio.timeout(seconds):
        await holds.wait()


async def is_said(destination: KafkaSink, words: str, seconds: float = 20.0) -> None:
    """Wait for words in the last error."""
    async with asyncio.timeout(seconds):
        while words not in destination.last_error:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.02)
    assert not destination.connected.is_set()
    assert PASSWORD not in destination.last_error


def check(records: Iterable[Record], entries: Iterable[Entry]) -> int:
    """Check that nothing is lost, the order of each key, and the headers; return the number of repeats."""
    expected = {str(offset): line for offset, line in entries}
    seen: dict[str, None] = {}
    newest: dict[str, int] = {}
    repeats = 0
    for record in records:
        offset = record.headers["offset"]
        assert record.value == expected[offset]
        assert record.key == f"{SITE}/{device_id_of(record.value).decode()}"
        assert {**record.headers, "offset": ""} == {"offset": "", "log": LOG_ID, "site": SITE}
        if offset in seen:
            repeats += 1
            continue
        seen[offset] = None
        assert newest.get(record.key, -1) < int(offset), "a reading overtook an older one of its device"
        newest[record.key] = int(offset)
    assert len(seen) == len(expected)
    return repeats
