"""A restarted broker has its old boot id until its agent publishes the new one; until then nothing retained counts.

Mosquitto publishes every will when it is stopped in good order and keeps them over its restart: who lives on is
`offline` there until it is back. With the real agent beside a real Mosquitto.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from signal import SIGCONT, SIGSTOP

import pytest

from edge_operator.identity import logins
from tests.edge_operator.impersonation.party import Door, Party
from tests.support.broker_pod import MakeSite, SiteWithPod
from tests.support.processes import OperatorFactory, OperatorProcess, eventually

AWAY_SECONDS = 4.0
"""Seconds that the devices stay disconnected after the agent's message: longer than a will is held."""

pytestmark = pytest.mark.process


DELAYS = (1.0, 3.0, 5.0)
"""Seconds from the operator's new session to the agent's message: within the grace of a will, at its end, after."""


def begin(operator: OperatorProcess, *all_made: SiteWithPod) -> None:
    """Wait until every device is Online and the operator has each broker's uptime."""
    for made in all_made:
        made.start()
        for device_id in made.pod.logins.rotations:
            made.site.wire(device_id).connect()
        for device_id in made.pod.logins.rotations:
            made.site.await_phase(device_id, "Online")
    heard = "edge_broker_messages_total"
    eventually("the brokers have told of their start", lambda: operator.metric(heard, kind="boot") >= len(all_made))
    # Each publishes once a second.
    enough = operator.metric(heard, kind="uptime") + 3 * len(all_made)
    eventually("and for how long they run", lambda: operator.metric(heard, kind="uptime") >= enough, 30)


def restart_with_late_status(made: SiteWithPod, delay: float) -> None:
    """Restart a site's broker while its agent is stopped; the agent goes on `delay` seconds after our new session."""
    agent = made.pod.agent.process
    assert agent is not None
    agent.send_signal(SIGSTOP)
    try:
        made.pod.broker.stop()
        made.site.await_broker("False")
        made.pod.broker.start()
        made.pod.show(made.pod.broker_process.pid)
        made.site.await_broker()
        time.sleep(delay)
    finally:
        agent.send_signal(SIGCONT)


def test_no_running_device_is_offline_though_the_agent_is_late(
    site_with_pod: MakeSite, make_operator: OperatorFactory
) -> None:
    """Three sites side by side, the agent of each late by another time."""
    made = {delay: site_with_pod(f"a{delay:g} b{delay:g} c{delay:g}") for delay in DELAYS}
    addresses = ",".join(each.site.address for each in made.values())
    operator = make_operator(EDGE_BROKER_ADDRESSES=addresses).start().await_leading()
    begin(operator, *made.values())
    with ThreadPoolExecutor(len(made)) as pool:
        late = [pool.submit(restart_with_late_status, each, delay) for delay, each in made.items()]
    for each in late:
        each.result()
    told = time.monotonic()
    eventually("the grace is over", lambda: time.monotonic() > told + AWAY_SECONDS, AWAY_SECONDS + 1)
    for each_site in (each.site for each in made.values()):
        assert {phase for phase, _ in each_site.phases().values()} == {"Online"}
    reasons = ("LastWill", "Disconnected", "HeartbeatExpired")
    assert sum(operator.metric("edge_device_transitions_total", reason=reason) for reason in reasons) == 0
    operator.stop()


def test_will_of_a_device_that_died_while_the_operator_was_cut_off_is_believed(
    site_with_pod: MakeSite, make_operator: OperatorFactory
) -> None:
    made = site_with_pod("dying")
    site = made.site
    operator = make_operator(EDGE_BROKER_ADDRESSES=site.address).start().await_leading()
    # Without the uptime of a broker it is not known whether it restarted.
    begin(operator, made)
    dying = site.wire("dying", session="2").connect()
    eventually("the session is told", lambda: site.status("dying")["connectivity"].get("session") in ("1", "2"))
    usurper = Party(Door(site.broker, "components", "v5"))
    identity = f"edge-operator-{operator.settings['EDGE_IDENTITY']}"
    assert usurper.enter(logins.OPERATOR, site.broker.passwords[logins.OPERATOR], identity)
    dying.vanish()
    site.await_phase("dying", "Offline", "LastWill", 10)
    usurper.leave()
    operator.stop()
