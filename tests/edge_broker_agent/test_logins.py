"""Logins that come and go while Mosquitto runs."""

import asyncio
import time

import pytest

from tests.edge_broker_agent.devices import connected, is_refused, open_device
from tests.edge_broker_agent.pod import Pod
from tests.support.processes import eventually

REVOKED_WITHIN = 5.0

pytestmark = pytest.mark.process


async def test_a_login_that_is_added_can_be_used(pod: Pod) -> None:
    pod.logins.rotations["new"] = 0
    await asyncio.to_thread(pod.await_reload, lambda: pod.logins.write_shard(0))
    connection = await open_device(pod, "new")
    await connection.close()


async def test_a_revoked_device_is_cut_off_and_no_other(pod: Pod) -> None:
    before = pod.broker_process
    password = pod.logins.passwords["d1"]
    async with connected(pod, "d1", "d2") as (revoked, other):
        begun = time.monotonic()
        await asyncio.to_thread(pod.logins.revoke, "d1")
        async with asyncio.timeout(REVOKED_WITHIN):
            await asyncio.shield(revoked.lost)
        assert time.monotonic() - begun < REVOKED_WITHIN
        assert await is_refused(pod, "d1", password)
        assert not other.lost.done()
    assert pod.broker_process == before
    assert pod.broker.alive


async def test_a_device_with_another_password_is_cut_off_and_comes_back_with_it(pod: Pod) -> None:
    old = pod.logins.passwords["d1"]
    async with connected(pod, "d1") as (device,):
        pod.logins.rotations["d1"] = 1
        await asyncio.to_thread(pod.logins.write_shard, 0)
        async with asyncio.timeout(REVOKED_WITHIN):
            await asyncio.shield(device.lost)
    assert await is_refused(pod, "d1", old)
    async with connected(pod, "d1"):
        pass


def test_what_changes_nothing_is_neither_written_nor_read_again(pod: Pod) -> None:
    pod.logins.rotations["new"] = 0
    pod.await_reload(lambda: pod.logins.write_shard(0))
    written, reloads = (pod.auth / "passwords").stat(), pod.reloads
    for shards in (1, 1, 2):
        pod.logins.shards = shards
        pod.logins.write()
    pod.logins.rotations["newer"] = 0
    pod.await_reload(pod.logins.write)
    assert pod.reloads == reloads + 1
    assert (pod.auth / "passwords").stat().st_ino != written.st_ino


def test_the_file_is_for_mosquitto_alone(pod: Pod) -> None:
    assert (pod.auth / "passwords").stat().st_mode & 0o777 == 0o600
    assert pod.auth.stat().st_mode & 0o777 == 0o700
    assert not (pod.auth / "passwords").is_symlink()


def test_many_changes_at_once_are_few_reloads(pod: Pod) -> None:
    before = pod.reloads
    for number in range(30):
        pod.logins.rotations[f"more-{number}"] = 0
        pod.logins.write_shard(0)
    pod.await_reload(lambda: pod.logins.revoke("d1"))
    eventually("44 logins", lambda: pod.agent.metric("edge_broker_logins") == 5 + 10 + 30 - 1)
    assert pod.reloads - before <= 4
