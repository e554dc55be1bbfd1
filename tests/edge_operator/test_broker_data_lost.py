"""A real broker of which the agent reports lost data: said of the site, with one Event, until it reports none."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from kubernetes import client

from edge_operator.identity import logins
from edge_wire import topics
from edge_wire.messages import BrokerBoot, DataLost
from tests.support.brokered import BrokeredSite, brokered
from tests.support.mosquitto import MosquittoFactory
from tests.support.processes import OperatorFactory, eventually
from tests.support.sites import Sites

LOSS = DataLost("the file is empty", datetime(2026, 11, 30, 9, tzinfo=UTC), kept="mosquitto.db.corrupt-1")


@pytest.fixture
def site(module_mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient) -> Iterator[BrokeredSite]:
    with brokered(Sites.of(api, namespace), "plant", module_mosquitto([])) as site:
        site.apply()
        yield site


def report(site: BrokeredSite, boot: BrokerBoot) -> None:
    """Say what the broker has lost, as its agent does."""
    words = [*site.broker.arguments(logins.BROKER_AGENT), "-t", topics.BROKER_BOOT, "-q", "1", "-r", "-s"]
    command = [str(site.broker.programs / "mosquitto_pub"), *words]
    subprocess.run(command, input=boot.encode(), check=True, timeout=20)


def test_lost_data_is_reported_once_and_until_it_is_over(site: BrokeredSite, make_operator: OperatorFactory) -> None:
    operator = site.lead(make_operator)
    site.await_broker()
    report(site, BrokerBoot("first", LOSS))
    condition = eventually("told", lambda: site.sites.condition(site.name, "BrokerDataLost"))
    assert (condition["status"], condition["reason"]) == ("True", "DatabaseDamaged")
    assert "mosquitto.db.corrupt-1" in condition["message"]
    eventually("one Event", lambda: len(site.events("DatabaseDamaged")) == 1)
    operator.kill()
    make_operator.renew_lease()
    site.lead(make_operator)
    site.await_broker()
    report(site, BrokerBoot("second", LOSS))
    site.apply(location="elsewhere")
    site.sites.await_reconciled(site.name)
    kept = site.sites.condition(site.name, "BrokerDataLost") | {"observedGeneration": condition["observedGeneration"]}
    assert kept == condition, "another leader and another start of the broker do not change it"
    report(site, BrokerBoot("second"))
    eventually("it is over", lambda: site.sites.condition(site.name, "BrokerDataLost") == {})
    assert len(site.events("DatabaseDamaged")) == 1
