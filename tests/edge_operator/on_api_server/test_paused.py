"""A paused site: observed, reported, and not changed."""

import pytest

from e2e.cluster.fixture import Kubectl
from edge_operator.control.apply.field_conflicts import RETAKES
from edge_operator.desired.kinds import CONFIG_MAP, DEPLOYMENT, SECRET, SERVICE
from tests.support.processes import eventually
from tests.support.sites import Sites, kind_path
from tests.support.writes import OperatorWrites

EXTERNAL = {"type": "External", "external": {"url": "mqtts://broker.example.com:8883"}}


def pause(sites: Sites, name: str) -> None:
    sites.apply(name)
    sites.await_reconciled(name)
    sites.apply(name, {"paused": True})
    eventually("it is paused", lambda: sites.status(name).get("phase") == "Paused")


def await_message(sites: Sites, name: str, *words: str) -> None:
    def told() -> bool:
        ready = sites.condition(name, "Ready")
        return ready.get("reason") == "Paused" and all(word in ready["message"] for word in words)

    eventually(f"Ready names {words}", told)
    assert sites.condition(name, "Ready")["status"] == "False"
    assert sites.status(name)["phase"] == "Paused"


@pytest.fixture
def untouched(writes: OperatorWrites) -> OperatorWrites:
    """What was written while a site was paused."""
    return writes


def test_drift_and_edits_wait(sites: Sites, untouched: OperatorWrites) -> None:
    name = "drifting"
    pause(sites, name)
    assert sites.condition(name, "Ready")["reason"] != "Paused", "nothing waits yet"
    untouched.restart()
    rules = f"{name}-processor"
    sites.api.merge(kind_path(CONFIG_MAP, sites.namespace, rules), {"data": {"rules.json": "[]", "extra": "x"}})
    sites.api("DELETE", kind_path(SERVICE, sites.namespace, f"{name}-storage"))
    sites.api.merge(kind_path(DEPLOYMENT, sites.namespace, f"{name}-gateway"), {"spec": {"replicas": 9}})
    sites.apply(name, {"paused": True, "processor": {"replicas": 1}})
    await_message(
        sites,
        name,
        f"ConfigMap {sites.namespace}/{rules}",
        f"Service {sites.namespace}/{name}-storage",
        f"{name}-processor",
    )
    sites.settle(name)
    assert untouched.to_children() == {}

    sites.apply(name, {"processor": {"replicas": 1}})

    def converged() -> bool:
        children = sites.children(name)
        return (
            children["ConfigMap", rules]["data"].keys() == {"rules.json"}
            and ("Service", f"{name}-storage") in children
            and children["Deployment", f"{name}-gateway"]["spec"]["replicas"] == 3
            and children["Deployment", f"{name}-processor"]["spec"]["replicas"] == 1
        )

    eventually("it catches up", converged)
    eventually("it is not paused", lambda: sites.status(name)["phase"] == "Progressing")


def test_what_kubectl_scale_changes_in_pauses_is_no_contest(sites: Sites, kubectl: Kubectl) -> None:
    name = "scaled"
    gateway = f"{name}-gateway"

    def replicas() -> int:
        return int(sites.children(name)["Deployment", gateway]["spec"]["replicas"])

    pause(sites, name)
    for number in range(RETAKES + 1):
        sites.apply(name, {"paused": True})
        eventually("it is paused", lambda: sites.status(name)["phase"] == "Paused")
        kubectl("scale", f"deployment/{gateway}", f"--replicas={7 + number}", "-n", sites.namespace)
        await_message(sites, name, f"Deployment {sites.namespace}/{gateway}")
        sites.apply(name)
        eventually("it is as the spec says", lambda: replicas() == 3)
        eventually("it is not paused", lambda: sites.status(name)["phase"] == "Progressing")
    assert sites.condition(name, "Ready")["reason"] == "ComponentsNotReady"


def test_site_that_is_born_paused_gets_nothing(sites: Sites, untouched: OperatorWrites) -> None:
    name = "born"
    sites.apply(name, {"paused": True})
    sites.await_reconciled(name)
    await_message(sites, name, "everything")
    sites.settle(name)
    assert untouched.to_children() == {}
    sites.apply(name)
    eventually("it comes up", lambda: sites.child(DEPLOYMENT, f"{name}-mqtt"))


def test_removals_wait_too(sites: Sites, untouched: OperatorWrites) -> None:
    name = "leaving"
    pause(sites, name)
    sites.apply(name, {"paused": True, "broker": EXTERNAL})
    sites.await_reconciled(name)
    untouched.restart()
    await_message(sites, name, f"Deployment {sites.namespace}/{name}-gateway")
    message = sites.condition(name, "Ready")["message"]
    assert " more)" in message, "what is not named is counted"
    assert sites.child(DEPLOYMENT, f"{name}-mqtt") is not None
    sites.settle(name)
    assert untouched.to_children() == {}


def test_removal_alone_is_named(sites: Sites) -> None:
    name = "client"
    clients = {"managed": {"clients": [{"name": "scada", "subscribe": ["alerts/#"]}]}}
    sites.apply(name, {"broker": clients})
    sites.await_reconciled(name)
    sites.apply(name, {"paused": True})
    await_message(sites, name, f"Secret {sites.namespace}/{name}-client-scada")
    assert sites.child(SECRET, f"{name}-client-scada") is not None
    sites.apply(name)
    eventually("it is removed", lambda: sites.child(SECRET, f"{name}-client-scada") is None)


def test_lost_root_waits_and_comes_back_as_it_was(sites: Sites, untouched: OperatorWrites) -> None:
    name = "rootless"
    pause(sites, name)
    before = sites.child(SECRET, f"{name}-root")
    components = sites.status(name)["components"]
    assert before is not None
    untouched.restart()
    sites.api("DELETE", kind_path(SECRET, sites.namespace, f"{name}-root"))
    await_message(sites, name, f"Secret {sites.namespace}/{name}-root")
    assert sites.status(name)["components"] == components
    sites.settle(name)
    assert untouched.to_children() == {}
    sites.apply(name)
    back = eventually("the root is back", lambda: sites.child(SECRET, f"{name}-root"))
    assert back["data"] == before["data"]
