"""Agent and Mosquitto end and start again, each at any moment."""

import asyncio
import random
import time

import pytest

from edge_broker_agent.canary import CANARY_USERNAME
from edge_broker_agent.passwords import checked_lines
from tests.edge_broker_agent.conftest import MakePod
from tests.edge_broker_agent.devices import connected
from tests.edge_broker_agent.logins import SiteLogins
from tests.edge_broker_agent.pod import Pod
from tests.support.processes import eventually

KILLS = 12
MANY = 3000

pytestmark = pytest.mark.process


async def test_what_was_revoked_without_the_agent_is_disconnected_when_it_is_back(pod: Pod) -> None:
    pod.agent.kill()
    async with connected(pod, "d1") as (device,):
        await asyncio.to_thread(pod.logins.revoke, "d1")
        pod.agent.start()
        async with asyncio.timeout(10):
            await asyncio.shield(device.lost)


async def test_what_was_written_but_not_reloaded_is_reloaded_by_the_next_agent(pod: Pod) -> None:
    pod.agent.kill()
    async with connected(pod, "d1") as (device,):
        # As if it had been killed between writing the files and the signal to Mosquitto.
        await asyncio.to_thread(pod.logins.revoke, "d1")
        lines = [line for line in checked_lines(pod.passwords) if not line.startswith(b"d1:")]
        (pod.auth / "passwords").write_bytes(b"".join(line + b"\n" for line in lines))
        pod.agent.start()
        async with asyncio.timeout(10):
            await asyncio.shield(device.lost)


def test_a_restarted_broker_needs_no_reload(pod: Pod) -> None:
    before = pod.reloads
    pod.broker.kill()
    pod.start_broker()
    assert pod.agent.metric("edge_broker_starts_total") == 2
    pod.await_reload(lambda: pod.logins.revoke("d1"))
    assert pod.reloads == before + 1


def test_changes_while_no_broker_runs_are_in_the_file_that_it_starts_with(pod: Pod) -> None:
    pod.broker.kill()
    eventually("its end is seen", lambda: any("has ended" in line for line in pod.agent.messages()))
    pod.logins.revoke("d1")
    eventually("the file is without d1", lambda: b"d1:" not in pod.passwords)
    # Whether the first start needed one depends on which of the two was there first.
    reloads = pod.reloads
    pod.start_broker()
    assert pod.reloads == reloads


def test_a_kill_at_any_moment_leaves_a_file_that_can_be_used(make: MakePod, logins: SiteLogins) -> None:
    logins.rotations.update({f"device-{number}": 0 for number in range(MANY)})
    logins.shards = 4
    logins.write()
    pod = make()
    pod.agent.start().await_ready()
    moments = random.Random(5)
    for kill in range(KILLS):
        logins.rotations[f"device-{kill}"] += 1
        logins.write_shard(logins.shard_of(f"device-{kill}"))
        time.sleep(moments.uniform(0, 0.05))
        pod.agent.kill()
        lines = checked_lines(pod.passwords)
        assert len(lines) == MANY + 5 + 1
        assert any(line.startswith(f"{CANARY_USERNAME}:".encode()) for line in lines)
        pod.agent.start().await_ready()
    assert not list(pod.auth.glob("*.draft"))
    pod.start_broker()
