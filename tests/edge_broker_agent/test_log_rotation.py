"""Mosquitto's log is kept small."""

import pytest

from tests.edge_broker_agent.conftest import MakePod
from tests.edge_broker_agent.logins import SiteLogins
from tests.support.processes import eventually

pytestmark = pytest.mark.process


def test_a_large_log_becomes_the_old_one_and_mosquitto_writes_a_new_one(make: MakePod, logins: SiteLogins) -> None:
    logins.write()
    pod = make(MOSQUITTO_LOG_MAX_BYTES="20000")
    pod.start()
    old = pod.broker.log.with_name("mosquitto.log.1")
    with pod.broker.log.open("a") as log:
        log.write("x" * 20_000)
    eventually("it is rotated", old.exists, seconds=15)
    eventually("there is a new one", pod.broker.log.exists)
    pod.await_reload(lambda: logins.put(logins.index, {"shards": "0", "passwords": ""}))
    assert "Reloading config" in pod.broker.log.read_text()
    assert pod.agent.metric("edge_broker_log_rotations_total") == 1
