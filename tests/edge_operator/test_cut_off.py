"""A disabled or deleted device is disconnected at once, also of a paused site: operator, API server, agent, broker."""

import time
from itertools import product

import pytest

from tests.edge_broker_agent.devices import is_refused
from tests.support.broker_pod import MakeSite, SiteWithPod
from tests.support.processes import OperatorFactory, OperatorProcess, eventually

CUT_OFF_WITHIN = 5.0

pytestmark = pytest.mark.process

CASES = tuple(product(("disable", "delete"), ("at-work", "paused")))
Pods = dict[tuple[str, str], SiteWithPod]


def devices_of(way: str, where: str) -> tuple[str, str]:
    """Return the device that is disconnected, and the other one."""
    return f"pump-{way}-{where}", f"fan-{way}-{where}"


@pytest.fixture(scope="module")
def pods(module_site_with_pod: MakeSite) -> Pods:
    """A site for each case, its pod not started."""
    return {case: module_site_with_pod(" ".join(devices_of(*case))) for case in CASES}


@pytest.fixture(scope="module")
def operator(pods: Pods, make_operator: OperatorFactory) -> OperatorProcess:
    """One operator for all of them."""
    addresses = ",".join(made.site.address for made in pods.values())
    return make_operator(EDGE_BROKER_ADDRESSES=addresses).start().await_leading()


@pytest.mark.parametrize(("way", "where"), CASES)
async def test_g8_device_is_cut_off(way: str, where: str, pods: Pods, operator: OperatorProcess) -> None:
    revoked, other = devices_of(way, where)
    made = pods[way, where]
    site, pod = made.site, made.pod
    made.start()
    pump, fan = site.wire(revoked).connect(), site.wire(other).connect()
    for device in (revoked, other):
        site.await_phase(device, "Online")
    if where == "paused":
        site.apply(paused=True)
        eventually("it is paused", lambda: site.sites.status(site.name).get("phase") == "Paused")
    broker = pod.broker_process
    cleared = operator.metric("edge_broker_leftovers_cleared_total")
    begun = time.monotonic()
    if way == "disable":
        site.devices.apply(revoked, disabled=True)
    else:
        site.devices.delete(revoked)
    eventually("it is cut off", lambda: not pump.connected, 20, pause=0.02)
    assert time.monotonic() - begun < CUT_OFF_WITHIN
    assert await is_refused(pod, revoked, pod.logins.passwords[revoked])
    assert fan.connected
    assert pod.broker_process == broker, "the broker goes on"
    if way == "delete":
        gone = "edge_broker_leftovers_cleared_total"
        eventually("its retained status is gone", lambda: operator.metric(gone) > cleared)
        assert pod.broker.retained(pump.topic) == {}
    else:
        site.await_phase(revoked, "Disabled")
