"""What the worst senders can do at once fits the memory that the store's container has."""

import asyncio
import base64
from pathlib import Path

import aiohttp
import pytest

from edge_wire.messages import MAX_PAYLOAD_BYTES
from tests.edge_storage.running import RunningStore, ask

LIMIT_KIB = 256 * 1024
SMALLEST = b'{"sensor_type":"t","value":1}'
MESSAGES = 5
SECONDS = 300.0


@pytest.mark.parametrize("element", [SMALLEST, b"7", b'{"a":1}', b"NaN"], ids=["readings", "numbers", "objects", "NaN"])
async def test_peak(running: RunningStore, element: bytes) -> None:
    payload = b"[" + b",".join([element] * ((MAX_PAYLOAD_BYTES - 2) // (len(element) + 1))) + b"]"
    message = b'{"device_id":"p","payload":"%b"}' % base64.b64encode(payload)
    body = b'{"location":"","received_at":0,"messages":[%b]}' % b",".join([message] * MESSAGES)

    # How long it takes is the machine's affair; what the store holds meanwhile is what is measured.
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as http, asyncio.timeout(SECONDS):
        answers = await asyncio.gather(*(ask(http, "POST", f"{running.url}/v1/readings", body) for _ in range(10)))

    assert {status for status, _ in answers} <= {200, 503}
    assert 200 in {status for status, _ in answers}
    assert _peak_kib(running.process.pid) < LIMIT_KIB


def _peak_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
