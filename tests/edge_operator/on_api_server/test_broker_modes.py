"""From the managed broker to an external one, and back."""

from typing import Any

import pytest

from edge_operator.desired.kinds import DEPLOYMENT, PVC
from tests.support.processes import eventually
from tests.support.sites import Sites

EXTERNAL = {"type": "External", "external": {"url": "mqtts://broker.example.com:8883"}}
OWN_PODS = {"processor": "DATA_SOURCE", "gateway": "MQTT_BROKER"}


def applied(sites: Sites, name: str, spec: dict[str, Any]) -> None:
    sites.apply(name, spec)
    sites.await_reconciled(name)


def broker_children(sites: Sites, name: str) -> set[tuple[str, str]]:
    return {(kind, child) for kind, child in sites.children(name) if f"{name}-mqtt" in child}


def environment(sites: Sites, name: str, component: str) -> dict[str, str]:
    deployment = sites.child(DEPLOYMENT, f"{name}-{component}")
    assert deployment is not None
    listed = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    return {variable["name"]: variable.get("value", "") for variable in listed}


@pytest.mark.parametrize("policy", ["Retain", "Delete"])
def test_out_and_back(sites: Sites, policy: str) -> None:
    name = f"moving-{policy.lower()}"
    storage = {"storage": {"reclaimPolicy": policy}}
    applied(sites, name, storage)
    before = sites.children(name)
    inside = {part: environment(sites, name, part) for part in OWN_PODS}
    for part, variable in OWN_PODS.items():
        assert inside[part][variable] == f"mqtt://{name}-mqtt-internal:1884"

    applied(sites, name, storage | {"broker": EXTERNAL})
    kept = {("PersistentVolumeClaim", f"{name}-mqtt-{part}") for part in ("data", "log")}
    rest = kept if policy == "Retain" else set()

    def moved() -> bool:
        left = broker_children(sites, name)
        going = {
            key for key in left & kept if "deletionTimestamp" in sites.children(name).get(key, {}).get("metadata", {})
        }
        return left - going == rest

    eventually(f"of the broker is left {rest}", moved)
    for part, variable in OWN_PODS.items():
        assert environment(sites, name, part)[variable] == "mqtts://broker.example.com:8883"
        assert environment(sites, name, part)["MQTT_TOPIC_PREFIX"] == f"{sites.namespace}/{name}/"
    parts = [component["name"] for component in sites.status(name)["components"]]
    assert parts == ["gateway", "processor", "storage"]
    assert sites.condition(name, "Stalled") == {}

    applied(sites, name, storage)
    eventually("everything is back", lambda: set(sites.children(name)) == set(before))
    after = sites.children(name)
    for part in OWN_PODS:
        assert environment(sites, name, part) == inside[part]
    for key in kept:
        same = after[key]["metadata"]["uid"] == before[key]["metadata"]["uid"]
        assert same is (policy == "Retain"), key


def test_back_to_volumes_that_had_grown(sites: Sites) -> None:
    name = "moving-grown"
    claims = [f"{name}-mqtt-data", f"{name}-mqtt-log"]

    def requested() -> list[str]:
        found = [sites.child(PVC, claim) for claim in claims]
        return [claim["spec"]["resources"]["requests"]["storage"] for claim in found if claim is not None]

    grown = {"managed": {"storage": {"data": "2Gi", "log": "3Gi"}}}
    applied(sites, name, {"broker": grown})
    assert requested() == ["2Gi", "3Gi"]
    applied(sites, name, {"broker": EXTERNAL})
    eventually("of the broker are left its volumes", lambda: len(broker_children(sites, name)) == len(claims))

    applied(sites, name, {})
    assert sites.child(DEPLOYMENT, f"{name}-mqtt") is not None
    assert requested() == ["2Gi", "3Gi"], "a volume never shrinks"
    assert sites.condition(name, "Stalled") == {}
