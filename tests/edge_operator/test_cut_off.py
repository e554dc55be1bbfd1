"""Who is disabled or deleted is cut off at once, also of a paused site: operator, API server, agent and Mosquitto."""

import time

import pytest

from tests.edge_broker_agent.devices import is_refused
from tests.support.broker_pod import MakeSite
from tests.support.processes import OperatorFactory, eventually

CUT_OFF_WITHIN = 5.0

pytestmark = pytest.mark.process


@pytest.mark.parametrize("paused", [False, True], ids=["at work", "paused"])
@pytest.mark.parametrize("way", ["disable", "delete"])
async def test_g8_device_is_cut_off(
    way: str, site_with_pod: MakeSite, make_operator: OperatorFactory, *, paused: bool
) -> None:
    where = "paused" if paused else "at-work"
    revoked, other = f"pump-{way}-{where}", f"fan-{way}-{where}"
    made = site_with_pod(f"{revoked} {other}")
    site, pod = made.site, made.pod
    operator = make_operator(EDGE_BROKER_ADDRESSES=site.address).start().await_leading()
    made.start()
    pump, fan = site.wire(revoked).connect(), site.wire(other).connect()
    for device in (revoked, other):
        site.await_phase(device, "Online")
    if paused:
        site.apply(paused=True)
        eventually("it is paused", lambda: site.sites.status(site.name).get("phase") == "Paused")
    broker = pod.broker_process
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
        cleared = "edge_broker_leftovers_cleared_total"
        eventually("its retained status is gone", lambda: operator.metric(cleared) > 0)
        assert pod.broker.retained(pump.topic) == {}
    else:
        site.await_phase(revoked, "Disabled")
    operator.stop()
