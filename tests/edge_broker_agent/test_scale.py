"""Ten thousand logins in sixteen shards: revocation stays fast, the agent small, no other device is disconnected."""

import asyncio
import re
import time
from pathlib import Path

import pytest

from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.daemons import APISERVER
from tests.edge_broker_agent.conftest import MakePod
from tests.edge_broker_agent.devices import connected
from tests.edge_broker_agent.logins import SiteLogins
from tests.edge_broker_agent.pod import Pod
from tests.support.run_delay import run_delay

LOGINS = 10_000
SHARDS = 16
CONNECTED = 100
REVOKED_WITHIN = 5.0
MEMORY_LIMIT_MIB = 64

pytestmark = pytest.mark.process


def memory_mib(pod: Pod) -> float:
    """Return what the agent's process has of the machine's memory, what it shares with others included."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pod.agent.pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


async def seconds_until(lost: asyncio.Future[str], *pids: int) -> float:
    """Wait for the end of a connection and return how long that took, without what `pids` waited for a core."""
    began, waited = time.monotonic(), run_delay(*pids)
    async with asyncio.timeout(12 * REVOKED_WITHIN):
        await asyncio.shield(lost)
    return time.monotonic() - began - (run_delay(*pids) - waited)


async def test_ten_thousand_logins(make: MakePod, logins: SiteLogins, control_plane: ControlPlane) -> None:
    logins.rotations.update({f"device-{number}": 0 for number in range(LOGINS)})
    logins.shards = SHARDS
    await asyncio.to_thread(logins.write)
    pod = make()
    await asyncio.to_thread(pod.start)
    names = [f"device-{number}" for number in range(CONNECTED)]
    server = control_plane.keeper.find(APISERVER)
    assert server is not None
    at_work = (server.pid, pod.agent.pid, pod.broker_process.pid)
    async with connected(pod, *names) as devices:
        for name, device in zip(names[:5], devices[:5], strict=True):
            await asyncio.to_thread(logins.revoke, name)
            assert await seconds_until(device.lost, *at_work) < REVOKED_WITHIN
        assert not any(device.lost.done() for device in devices[5:])
    assert pod.agent.metric("edge_broker_logins") == LOGINS + 5 - 5
    assert memory_mib(pod) < MEMORY_LIMIT_MIB
