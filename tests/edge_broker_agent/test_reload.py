"""Reloading a Mosquitto that is not ready for it."""

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from e2e.cluster.ports import free_ports
from edge_broker_agent.canary import CanaryLogin
from edge_broker_agent.metrics import AgentMetrics
from edge_broker_agent.process import Processes
from edge_broker_agent.reload import Reloader
from edge_service.address import BrokerAddress

pytestmark = pytest.mark.process


async def test_one_that_has_just_been_started_is_not_ended_by_the_signal(tmp_path: Path) -> None:
    # It has no handler for SIGHUP, as Mosquitto has none until it has read its configuration.
    program = tmp_path / "mosquitto"
    await asyncio.to_thread(shutil.copy, str(shutil.which("sleep")), program)
    registry = CollectorRegistry()
    (nobody,) = free_ports(1)
    proc = tmp_path / "proc"
    (proc / "self").parent.mkdir()
    for name in ("self", "sys"):
        (proc / name).symlink_to(f"/proc/{name}")
    with subprocess.Popen([str(program), "60"]) as process:  # noqa: ASYNC220 - it starts at once
        (proc / str(process.pid)).symlink_to(f"/proc/{process.pid}")
        processes = Processes(proc)
        broker = processes.broker()
        assert broker is not None
        reloader = Reloader(processes, BrokerAddress("127.0.0.1", nobody), AgentMetrics(registry))
        reloading = asyncio.create_task(reloader.reload(broker, CanaryLogin.fresh()))
        await asyncio.wait([reloading], timeout=0.5)
        assert not reloading.done()
        assert process.poll() is None
        process.kill()
        async with asyncio.timeout(5):
            assert not await reloading
    assert registry.get_sample_value("edge_broker_reloads_total", {"result": "ended"}) == 1
