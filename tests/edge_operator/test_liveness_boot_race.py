"""A broker that restarts keeps its old boot id until its agent tells the new one; until then nothing retained counts.

Mosquitto publishes every will when it is stopped in good order and keeps them over its restart: who lives on is
`offline` there until it is back. With the real agent beside a real Mosquitto.
"""

import time
from signal import SIGCONT, SIGSTOP

import pytest

from edge_operator.identity import logins
from tests.edge_operator.impersonation.party import Door, Party
from tests.support.broker_pod import MakeSite, SiteWithPod
from tests.support.processes import OperatorFactory, OperatorProcess, eventually

AWAY_SECONDS = 4.0
"""So long the devices stay away after the agent has told: longer than a will is held."""

pytestmark = pytest.mark.process


def begin(made: SiteWithPod, operator: OperatorProcess) -> None:
    made.start()
    for device_id in made.pod.logins.rotations:
        made.site.wire(device_id).connect()
        made.site.await_phase(device_id, "Online")
    heard = "edge_broker_messages_total"
    eventually("the broker has told of its start", lambda: operator.metric(heard, kind="boot") > 0)
    eventually("and for how long it runs", lambda: operator.metric(heard, kind="uptime") > 0)


@pytest.mark.parametrize("delay", [1, 3, 5])
def test_no_device_that_lives_on_is_offline_though_the_agent_is_late(
    delay: int, site_with_pod: MakeSite, make_operator: OperatorFactory
) -> None:
    made = site_with_pod(f"a{delay} b{delay} c{delay}")
    site, pod = made.site, made.pod
    operator = make_operator(EDGE_BROKER_ADDRESSES=site.address).start().await_leading()
    begin(made, operator)
    assert pod.agent.process is not None
    pod.agent.process.send_signal(SIGSTOP)
    try:
        pod.broker.stop()
        site.await_broker("False")
        pod.broker.start()
        pod.show(pod.broker_process.pid)
        site.await_broker()
        connected = time.monotonic()
        until(connected + delay, site_with_pod=made)
    finally:
        pod.agent.process.send_signal(SIGCONT)
    until(connected + delay + AWAY_SECONDS, site_with_pod=made)
    reasons = ("LastWill", "Disconnected", "HeartbeatExpired")
    assert sum(operator.metric("edge_device_transitions_total", reason=reason) for reason in reasons) == 0
    operator.stop()


def until(end: float, *, site_with_pod: SiteWithPod) -> None:
    """Check until `end` that every device is told to be Online."""
    while time.monotonic() < end:
        assert {phase for phase, _ in site_with_pod.site.phases().values()} == {"Online"}
        time.sleep(0.2)


def test_will_of_a_device_that_died_while_the_operator_was_cut_off_is_believed(
    site_with_pod: MakeSite, make_operator: OperatorFactory
) -> None:
    made = site_with_pod("dying")
    site = made.site
    operator = make_operator(EDGE_BROKER_ADDRESSES=site.address).start().await_leading()
    begin(made, operator)
    # The uptime is told every 10 s: of a broker that has run for less it cannot be known whether it restarted.
    # The first that comes anew may be of its very first moments.
    told = operator.metric("edge_broker_messages_total", kind="uptime")
    anew = "it tells its uptime anew, twice"
    eventually(anew, lambda: operator.metric("edge_broker_messages_total", kind="uptime") >= told + 2, 40)
    dying = site.wire("dying", session="2").connect()
    eventually("the session is told", lambda: site.status("dying")["connectivity"].get("session") in ("1", "2"))
    usurper = Party(Door(site.broker, "components", "v5"))
    identity = f"edge-operator-{operator.settings['EDGE_IDENTITY']}"
    assert usurper.enter(logins.OPERATOR, site.broker.passwords[logins.OPERATOR], identity)
    dying.vanish()
    site.await_phase("dying", "Offline", "LastWill", 10)
    usurper.leave()
    operator.stop()
