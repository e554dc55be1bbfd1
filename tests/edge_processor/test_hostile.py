"""Hostile payloads on the whole path: readable parts are stored, the rest are dead letters, nothing is stuck."""

import asyncio
import json
import random
from collections.abc import Callable, Sequence

import pytest

from edge_service.mqtt import MqttSession
from edge_wire.messages import parse_readings
from tests.edge_processor.site import Site
from tests.edge_service.process import ServiceProcess
from tests.support.processes import eventually

PAYLOADS = 30_000
SEED = 12
WINDOW = 1000
"""Messages that wait in the broker at a time: fewer than it drops."""

UNREADABLE = 3000
"""More than the broker may send without an acknowledgement."""

GOOD = b'{"sensor_type":"temperature","value":21.5,"timestamp":"2026-11-25T12:00:00Z"}'
NUMBERS = (b"NaN", b"-Infinity", b"1e999", b"9" * 400, b"-0", b"01", b'"21"')
TEXTS = (b"\\ud800", b"\\udfff\\ud800", b"\xff", b"\\u0000", b"")
METADATA = (b"[]", b"null", b'{"a":1e400}', b'{"x":"\\ud800"}', b"{")
SEQUENCES = (-1, 0, 2**63 - 1, 2**63, 10**30)
DEVICES = (b'"d2"', b"5", b'"d1"', b"[]")
MAKERS: Sequence[Callable[[random.Random], bytes]] = (
    lambda rnd: rnd.randbytes(rnd.randrange(60)),
    lambda rnd: GOOD[: rnd.randrange(len(GOOD))],
    lambda rnd: GOOD.replace(b"21.5", rnd.choice(NUMBERS)),
    lambda rnd: GOOD.replace(b"temperature", rnd.choice(TEXTS)),
    lambda rnd: GOOD[:-1] + b',"metadata":' + rnd.choice(METADATA) + b"}",
    lambda rnd: GOOD[:-1] + b',"session":"s","seq":%d}' % rnd.choice(SEQUENCES),
    lambda rnd: GOOD[:-1] + b',"device_id":' + rnd.choice(DEVICES) + b"}",
    lambda rnd: b"[" * rnd.choice([1, 64, 65, 1000]),
    lambda rnd: b"[" + b",".join([GOOD, rnd.choice([b"1", b"{}", b"null", GOOD])]) + b"]",
    lambda rnd: GOOD.replace(b"2026", rnd.choice([b"0000", b"9999", b"1970", b"20260"])),
)
HUGE = (
    b"[" + b",".join([b"{}"] * 10_000) + b"]",
    b"[" + b",".join([b"1"] * 10_000) + b"]",
    b"[" + b",".join([b'{"sensor_type":"t","value":1}'] * 8_000) + b"]",
    b"x" * 250_000,
)


def payloads() -> list[bytes]:
    rnd = random.Random(SEED)
    return [rnd.choice(MAKERS)(rnd) for _ in range(PAYLOADS)] + list(HUGE)


def expected(sent: Sequence[bytes], device_id: str) -> tuple[int, int]:
    """Return how many readings are stored and how many dead letters there are, by the parser alone."""
    seen, stored, rejected = set[tuple[str, int]](), 0, 0
    for payload in sent:
        parsed = parse_readings(payload, device_id)
        rejected += len(parsed.rejected)
        for reading in parsed.readings:
            if reading.session is not None and reading.seq is not None:
                key = (reading.session, reading.seq)
                if key in seen:
                    continue
                seen.add(key)
            stored += 1
    return stored, rejected


async def publish_all(device: MqttSession, sent: Sequence[bytes]) -> None:
    topic = f"devices/{device.options.client_id}/data"
    for begin in range(0, len(sent), WINDOW):
        async with asyncio.timeout(60):
            await asyncio.gather(*(device.send(topic, each) for each in sent[begin : begin + WINDOW]))


@pytest.fixture
def processor(site: Site) -> ServiceProcess:
    return site.processor().start().await_ready()


async def test_g10_thirty_thousand_hostile_payloads(site: Site, processor: ServiceProcess) -> None:
    sent = payloads()
    stored, rejected = expected(sent, "d1")

    async with site.device("d1") as device:
        await publish_all(device, sent)
    await asyncio.to_thread(
        eventually,
        f"{stored} readings and {rejected} dead letters",
        lambda: (
            site.store.metric("edge_storage_readings_total") == stored
            and site.store.metric("edge_storage_rejected_total") == rejected
        ),
        120,
    )

    assert processor.get("/health")[0] == 200
    assert json.loads(site.store.get("/ready")[1])["status"] == "ready"


async def test_g10_a_good_reading_after_a_row_of_unreadable_ones_is_stored(
    site: Site, processor: ServiceProcess
) -> None:
    assert processor.get("/ready")[0] == 200

    async with site.listener("~scada", "cloud/sensors/d2") as heard, site.device("d2") as device:
        await publish_all(device, [b"\xff\x00{"] * UNREADABLE)
        await device.publish("devices/d2/data", GOOD)
        (processed,) = await heard.on("cloud/sensors/d2")

    assert processed["value"] == 21.5
    assert site.store.metric("edge_storage_rejected_total") == UNREADABLE
