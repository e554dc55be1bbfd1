"""G5, G7: on a full disk the store acknowledges nothing, and with room again everything is stored by itself."""

import base64
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster.errors import HarnessError
from tests.edge_processor.conftest import CLIENTS, DEVICES
from tests.edge_processor.site import Site
from tests.support.missing import not_run
from tests.support.mosquitto import MosquittoFactory
from tests.support.processes import eventually

DISK_BYTES, BALLAST_BYTES = 48 << 20, 40 << 20
MESSAGES, NOISE_BYTES = 5000, 3000
"""More than there is room for."""

UNAVAILABLE = 503
MOUNT_SECONDS = 30.0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that is nearly full: the file `ballast` takes most of it."""
    if os.geteuid() != 0:
        not_run(HarnessError("a small file system is mounted by root only: run the tests as root"))
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "edge-test", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, timeout=MOUNT_SECONDS, check=False)
    if done.returncode != 0:
        not_run(HarnessError(f"a tmpfs cannot be mounted here: {done.stderr.strip()}"))
    (place / "ballast").write_bytes(bytes(BALLAST_BYTES))
    yield place
    # Whoever still has a file open there does not hold it up.
    subprocess.run(["umount", "--lazy", str(place)], timeout=MOUNT_SECONDS, check=True)


@pytest.fixture
def cramped(small_disk: Path, mosquitto: MosquittoFactory, tmp_path: Path) -> Iterator[Site]:
    """A site with its store on the small disk."""
    made = Site(mosquitto(devices=DEVICES, clients=CLIENTS), tmp_path)
    made.store.environment = {**made.store.environment, "STORAGE_PATH": str(small_disk / "store")}
    made.store.start().await_ready()
    yield made
    made.end()


def payload(seq: int) -> bytes:
    """Return a reading that cannot be compressed much."""
    noise = base64.b64encode(random.Random(seq).randbytes(NOISE_BYTES))
    return b'{"sensor_type":"t","value":1,"session":"s","seq":%d,"metadata":{"noise":"%b"}}' % (seq, noise)


@pytest.mark.process
async def test_g5_a_full_disk_loses_nothing_that_the_broker_has(cramped: Site, small_disk: Path) -> None:
    site, store = cramped, cramped.store
    processor = site.processor().start().await_ready()
    pid = store.pid
    async with site.device() as device:
        for seq in range(MESSAGES):
            await device.publish("devices/d1/data", payload(seq))
    eventually("the store says that it is full", lambda: store.get("/ready")[0] == UNAVAILABLE, 60)
    eventually("the processor is refused", lambda: processor.metric("edge_processor_store_failures_total") > 0, 60)
    kept = {reading["seq"] for reading in site.readings()}
    assert 0 < len(kept) < MESSAGES
    assert store.get("/health")[0] == 200
    assert "cannot be written" in store.get("/ready")[1]

    # What it had acknowledged without the store would be lost with it.
    processor.kill()
    processor.start()
    (small_disk / "ballast").unlink()

    eventually("all is stored", lambda: len(kept | {each["seq"] for each in site.readings()}) == MESSAGES, 120, pause=1)
    assert sorted(reading["seq"] for reading in site.readings()) == list(range(MESSAGES))
    eventually("it is ready again", lambda: store.get("/ready")[0] == 200, 30)
    assert store.pid == pid
    assert store.process is not None
    assert store.process.poll() is None, "it recovers by itself"
