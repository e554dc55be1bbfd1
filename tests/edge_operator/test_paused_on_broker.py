"""A device of a paused site is cut off as fast as any other: operator, API server, broker agent and Mosquitto."""

import time

import pytest

from tests.edge_broker_agent.devices import is_refused
from tests.support.broker_pod import MakeSite
from tests.support.processes import OperatorFactory, eventually

CUT_OFF_WITHIN = 5.0

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("way", ["disable", "delete"])
async def test_g8_device_of_a_paused_site_is_cut_off(
    way: str, site_with_pod: MakeSite, make_operator: OperatorFactory
) -> None:
    revoked, other = f"pump-{way}", f"fan-{way}"
    made = site_with_pod(f"{revoked} {other}")
    site, pod = made.site, made.pod
    operator = make_operator(EDGE_BROKER_ADDRESSES=site.address).start().await_leading()
    made.start()
    pump, fan = site.wire(revoked).connect(), site.wire(other).connect()
    for device in (revoked, other):
        site.await_phase(device, "Online")
    site.apply(paused=True)
    eventually("it is paused", lambda: site.sites.status(site.name).get("phase") == "Paused")
    begun = time.monotonic()
    if way == "disable":
        site.devices.apply(revoked, disabled=True)
    else:
        site.devices.delete(revoked)
    eventually("it is cut off", lambda: not pump.connected, 20, pause=0.02)
    assert time.monotonic() - begun < CUT_OFF_WITHIN
    assert await is_refused(pod, revoked, pod.logins.passwords[revoked])
    assert fan.connected
    if way == "delete":
        cleared = "edge_broker_leftovers_cleared_total"
        eventually("its retained status is gone", lambda: operator.metric(cleared) > 0)
    else:
        site.await_phase(revoked, "Disabled")
    operator.stop()
