"""A site that starts while the API server is unreachable."""

import asyncio

import pytest

from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.ports import free_ports
from tests.edge_broker_agent.conftest import MakePod
from tests.edge_broker_agent.devices import connected
from tests.edge_broker_agent.logins import SiteLogins
from tests.edge_broker_agent.pod import Pod
from tests.support.processes import eventually

pytestmark = pytest.mark.process


async def test_a_site_restarts_while_cut_off_and_catches_up(pod: Pod, control_plane: ControlPlane) -> None:
    pod.agent.stop()
    pod.broker.stop()
    await asyncio.to_thread(control_plane.stop_apiserver, grace=0)
    try:
        await asyncio.to_thread(pod.start)
        async with connected(pod, "d1", "d2"):
            pass
    finally:
        await asyncio.to_thread(control_plane.start_apiserver)
    async with connected(pod, "d1", "d2") as (revoked, other):
        await asyncio.to_thread(pod.logins.revoke, "d1")
        async with asyncio.timeout(15):
            await asyncio.shield(revoked.lost)
        assert not other.lost.done()


async def test_an_api_server_that_hangs_holds_up_neither_the_start_nor_what_comes_after(
    pod: Pod, control_plane: ControlPlane
) -> None:
    pod.agent.stop()
    control_plane.pause_apiserver()
    try:
        await asyncio.to_thread(pod.agent.start().await_ready)
    finally:
        control_plane.resume_apiserver()
    async with connected(pod, "d1") as (device,):
        await asyncio.to_thread(pod.logins.revoke, "d1")
        async with asyncio.timeout(15):
            await asyncio.shield(device.lost)


def test_without_any_copy_it_is_not_ready_and_says_what_is_missing(make: MakePod) -> None:
    (nobody,) = free_ports(1)
    pod = make(KUBERNETES_SERVICE_PORT=str(nobody), START_PATIENCE="100ms")
    pod.agent.start()
    eventually("it has given up waiting", lambda: any("last copy" in line for line in pod.agent.messages()))
    status, body = pod.agent.get("/ready")
    assert status == 503
    assert "logins" in body
    assert pod.agent.get("/health")[0] == 200


def test_a_copy_that_cannot_be_used_is_none(make: MakePod, logins: SiteLogins) -> None:
    (nobody,) = free_ports(1)
    pod = make(KUBERNETES_SERVICE_PORT=str(nobody), START_PATIENCE="100ms")
    pod.auth.mkdir(parents=True)
    (pod.auth / "passwords").write_bytes(b"~gateway:$7$101$half a li")
    pod.agent.start()
    eventually("it has given up waiting", lambda: any("last copy" in line for line in pod.agent.messages()))
    assert pod.agent.get("/ready")[0] == 503


def test_it_waits_for_the_operator_to_write_the_secrets(make: MakePod, logins: SiteLogins) -> None:
    pod = make(START_PATIENCE="100ms")
    pod.agent.start()
    eventually("it answers", lambda: pod.agent.get("/ready")[0] == 503)
    logins.write()
    pod.agent.await_ready()
    pod.start_broker()
