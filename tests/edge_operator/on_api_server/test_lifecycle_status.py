"""What is said of a site while its pods come and go; the real controllers count them."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.cluster.controlplane import ControlPlane
from tests.support.kubelet import Kubelet, kubelet
from tests.support.processes import eventually
from tests.support.sites import Sites

SITE = "hall"
NO_NODE = {"Unschedulable", "VolumeNotBound"}
"""Reasons of pods that the scheduler cannot place: here they have no node until the test reports them ready."""

PODS = {"gateway": 3, "processor": 2, "storage": 1, "mqtt": 1}


@pytest.fixture(scope="module")
def node(control_plane: ControlPlane, sites: Sites) -> Iterator[Kubelet]:
    with control_plane.replicasets(), kubelet(sites.api, sites.namespace) as node:
        yield node
        sites.delete(SITE)


def conditions(sites: Sites) -> dict[str, dict[str, Any]]:
    return {condition["type"]: condition for condition in sites.status(SITE)["conditions"]}


def ready_pods(sites: Sites) -> dict[str, int]:
    return {part["name"]: part["ready"] for part in sites.status(SITE)["components"]}


def events(sites: Sites) -> list[tuple[str, str]]:
    """Return type and phase of each Event of the site, in the order of time, without those of the scheduler."""
    listed = sites.api("GET", f"/apis/events.k8s.io/v1/namespaces/{sites.namespace}/events")["items"]
    told = [e for e in listed if e["regarding"]["kind"] == "EdgeSite" and e["reason"] not in NO_NODE]
    return [
        (event["type"], event["note"].partition(":")[0]) for event in sorted(told, key=lambda event: event["eventTime"])
    ]


def await_events(sites: Sites, expected: list[tuple[str, str]]) -> None:
    """An Event is written after its status: wait for it, and for nothing else."""
    eventually(f"the Events {expected}", lambda: events(sites) == expected or None)


def await_phase(sites: Sites, phase: str, **ready: int) -> dict[str, dict[str, Any]]:
    def reached() -> bool:
        return bool(sites.status(SITE).get("phase") == phase and ready_pods(sites) == PODS | ready)

    eventually(f"{phase} with {ready or 'all'} ready", reached)
    return conditions(sites)


def await_next_second() -> None:
    """Times in a status are whole seconds: a flip shows only in the next one."""
    now = int(time.time())
    eventually("the next second", lambda: int(time.time()) > now, 2)


def test_phases_conditions_and_events_follow_the_pods(sites: Sites, node: Kubelet) -> None:
    sites.apply(SITE)
    sites.await_reconciled(SITE)
    eventually("the broker was tried", lambda: conditions(sites)["BrokerConnected"]["status"] == "False")
    begun = conditions(sites)
    assert begun["Ready"]["status"] == "False"
    assert begun["Ready"]["reason"] in {"ComponentsNotReady", *NO_NODE}
    assert "gateway (0/3 ready)" in begun["Ready"]["message"]
    assert begun["Available"]["status"] == "False"
    assert begun["Reconciling"]["status"] == "True"
    assert sites.status(SITE)["phase"] == "Progressing"
    await_events(sites, [("Normal", "Progressing")])

    await_next_second()
    node.run(SITE, sum(PODS.values()))
    up = await_phase(sites, "Ready")
    assert (up["Ready"]["status"], up["Ready"]["reason"]) == ("True", "Reconciled")
    assert up["Available"]["status"] == "True"
    assert not {"Reconciling", "Stalled"} & set(up)
    assert up["Ready"]["lastTransitionTime"] > begun["Ready"]["lastTransitionTime"]
    assert up["BrokerConnected"]["lastTransitionTime"] == begun["BrokerConnected"]["lastTransitionTime"]
    images = {part["name"]: part["image"] for part in sites.status(SITE)["components"]}
    assert images["gateway"].startswith("edge-stack/edge-gateway:")
    await_events(sites, [("Normal", "Progressing"), ("Normal", "Ready")])


def test_fewer_pods_is_progressing_and_reported_once(sites: Sites, node: Kubelet) -> None:
    before, told = conditions(sites), events(sites)
    await_next_second()
    node.lose(SITE, "gateway")
    one = await_phase(sites, "Progressing", gateway=2)
    assert one["Ready"]["status"] == "False"
    assert one["Ready"]["lastTransitionTime"] > before["Ready"]["lastTransitionTime"]
    assert one["Available"] == before["Available"]
    await_next_second()
    node.lose(SITE, "gateway")
    two = await_phase(sites, "Progressing", gateway=1)
    assert "gateway (1/3 ready)" in two["Ready"]["message"]
    assert two["Ready"]["lastTransitionTime"] == one["Ready"]["lastTransitionTime"], "no flip"
    await_events(sites, [*told, ("Normal", "Progressing")])  # one Event for the transition, none for the count
    node.run(SITE, sum(PODS.values()))
    await_phase(sites, "Ready")
    await_events(sites, [*told, ("Normal", "Progressing"), ("Normal", "Ready")])


@pytest.mark.parametrize("component", ["storage", "mqtt"])
def test_component_without_a_pod_degrades_the_site(sites: Sites, node: Kubelet, component: str) -> None:
    before, told = conditions(sites), events(sites)
    await_next_second()
    node.lose(SITE, component)
    fallen = await_phase(sites, "Degraded", **{component: 0})
    assert (fallen["Available"]["status"], fallen["Available"]["reason"]) == ("False", "ComponentsUnavailable")
    assert fallen["Available"]["message"].endswith(component)
    assert fallen["Available"]["lastTransitionTime"] > before["Available"]["lastTransitionTime"]
    await_events(sites, [*told, ("Warning", "Degraded")])
    node.run(SITE, sum(PODS.values()))
    await_phase(sites, "Ready")
    await_events(sites, [*told, ("Warning", "Degraded"), ("Normal", "Ready")])


def test_change_of_the_spec_takes_ready_away_until_it_is_rolled_out(sites: Sites, node: Kubelet) -> None:
    sites.apply(SITE, {"processor": {"replicas": 3}})
    sites.await_reconciled(SITE)
    rolling = conditions(sites)["Ready"]
    assert (rolling["status"], rolling["reason"]) == ("False", "ComponentsNotReady")
    assert rolling["observedGeneration"] == sites.get(SITE)["metadata"]["generation"]
    assert "processor (2/3 ready)" in rolling["message"]
    node.run(SITE, sum(PODS.values()) + 1)
    await_phase(sites, "Ready", processor=3)
