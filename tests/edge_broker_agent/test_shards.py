"""The number of shards changes, in whatever order the Secrets are written."""

import asyncio

import pytest

from edge_broker_agent.passwords import checked_lines
from tests.edge_broker_agent.conftest import MakePod
from tests.edge_broker_agent.devices import connected
from tests.edge_broker_agent.logins import SiteLogins
from tests.edge_broker_agent.pod import Pod

DEVICES = [f"d{number}" for number in range(10)]

pytestmark = pytest.mark.process


def known(pod: Pod) -> set[str]:
    """Return the devices in the password file."""
    names = (line.partition(b":")[0].decode() for line in checked_lines(pod.passwords))
    return {name for name in names if not name.startswith("~")}


async def test_from_one_to_four_to_two_nobody_is_cut_off_and_revocation_goes_on(pod: Pod) -> None:
    async with connected(pod, *DEVICES) as devices:
        expected = set(DEVICES)
        for shards, index_first, gone in ((4, False, "d1"), (2, True, "d2"), (3, True, "d3"), (1, False, "d4")):
            await asyncio.to_thread(reshard, pod, shards, index_first=index_first)
            assert known(pod) == expected
            await asyncio.to_thread(pod.await_reload, lambda gone=gone: pod.logins.revoke(gone))
            expected.discard(gone)
            assert known(pod) == expected
            assert {device for device, each in zip(DEVICES, devices, strict=True) if not each.lost.done()} == expected


def reshard(pod: Pod, shards: int, *, index_first: bool) -> None:
    """Write the Secrets for another number of shards one by one; the file stays whole at each step."""
    pod.logins.shards = shards
    before = known(pod)
    steps = [lambda number=number: pod.logins.write_shard(number) for number in range(shards)]
    for step in [pod.logins.write_index, *steps] if index_first else [*steps, pod.logins.write_index]:
        step()
        assert known(pod) == before


async def test_a_site_without_devices_has_no_shards(make: MakePod, logins: SiteLogins) -> None:
    logins.shards = 0
    logins.write_index()
    pod = make()
    await asyncio.to_thread(pod.start)
    logins.rotations["first"] = 0
    logins.shards = 1
    await asyncio.to_thread(pod.await_reload, logins.write)
    async with connected(pod, "first"):
        pass
