"""A processor that reports the store's volume: figures and conditions of the site, with one Event, over leaders."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest
from kubernetes import client

from edge_wire import topics
from edge_wire.messages import PROCESSOR, ComponentStatus, StorageReport
from edge_wire.messages.storage import MEMBER
from tests.support.brokered import BrokeredSite, brokered
from tests.support.mosquitto import MosquittoFactory
from tests.support.processes import OperatorFactory, eventually
from tests.support.sites import Sites

FULL = StorageReport(used_bytes=8192, dropped_readings=3, problem="the disk is full")


@pytest.fixture
def site(module_mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient) -> Iterator[BrokeredSite]:
    with brokered(Sites.of(api, namespace), "plant", module_mosquitto([])) as site:
        site.apply()
        yield site


def report(site: BrokeredSite, storage: StorageReport) -> None:
    """Publish the status of the processor, as the processor does."""
    status = ComponentStatus(PROCESSOR, "online", extra={MEMBER: storage.to_object()})
    words = [*site.broker.arguments("~processor"), "-t", topics.component_status(PROCESSOR), "-q", "1", "-r", "-s"]
    command = [str(site.broker.programs / "mosquitto_pub"), *words]
    subprocess.run(command, input=status.encode(), check=True, timeout=20)


def storage_of(site: BrokeredSite) -> object:
    return site.sites.status(site.name).get("storage")


def test_the_report_is_written_once_and_outlives_the_leader(site: BrokeredSite, make_operator: OperatorFactory) -> None:
    operator = site.lead(make_operator)
    site.await_broker()
    report(site, FULL)
    condition = eventually("StorageFull", lambda: site.sites.condition(site.name, "StorageFull"))
    assert (condition["status"], condition["reason"]) == ("True", "StoreNotWritable")
    assert "the disk is full" in condition["message"]
    eventually("the figures", lambda: storage_of(site) == {"bytes": 8192, "dropped": 3})
    eventually("one Event", lambda: len(site.events("StoreNotWritable")) == 1)
    operator.kill()
    make_operator.renew_lease()
    site.lead(make_operator)
    site.await_broker()
    site.apply(location="elsewhere")
    site.sites.await_reconciled(site.name)
    kept = site.sites.condition(site.name, "StorageFull") | {"observedGeneration": condition["observedGeneration"]}
    assert kept == condition
    report(site, replace(FULL, problem="", used_bytes=4096))
    eventually("it is over", lambda: site.sites.condition(site.name, "StorageFull") == {})
    eventually("the new figures", lambda: storage_of(site) == {"bytes": 4096, "dropped": 3})
    assert len(site.events("StoreNotWritable")) == 1
