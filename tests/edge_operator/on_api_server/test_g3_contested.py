"""G3: where another manager takes a field again and again, the operator backs off and says so."""

from typing import Any

import pytest

from edge_operator.desired.kinds import CONFIG_MAP, DEPLOYMENT, SERVICE_ACCOUNT, ChildKind
from tests.support.processes import eventually
from tests.support.sites import Sites, kind_path
from tests.support.writes import OperatorWrites

TIMES = 3
NAME_LABEL = "app.kubernetes.io/name"
HASH = "edge-stack.io/intent-hash"


def reconciled(sites: Sites, name: str) -> None:
    sites.apply(name)
    sites.await_reconciled(name)


def child(sites: Sites, kind: ChildKind, name: str) -> dict[str, Any]:
    found = sites.child(kind, name)
    assert found is not None, name
    return found


def scale(sites: Sites, name: str, replicas: int) -> None:
    path = kind_path(DEPLOYMENT, sites.namespace, f"{name}-gateway") + "/scale"
    body = {"spec": {"replicas": replicas}}
    sites.api("PATCH", path, body, content_type="application/merge-patch+json", fieldManager="autoscaler")


def fight_over_replicas(sites: Sites, name: str) -> None:
    """Take the field as often as it is taken back, and once more."""
    for number in range(TIMES):
        scale(sites, name, 7 + number)
        eventually(
            "taken back", lambda: child(sites, DEPLOYMENT, f"{name}-gateway")["spec"]["replicas"] == 3, pause=0.02
        )
    scale(sites, name, 20)


def stalled_over(sites: Sites, name: str, *words: str) -> dict[str, Any]:
    def said() -> dict[str, Any] | None:
        condition = sites.condition(name, "Stalled")
        return condition if condition.get("reason") == "FieldContested" else None

    found: dict[str, Any] = eventually("Stalled says FieldContested", said)
    assert found["status"] == "True"
    for word in words:
        assert word in found["message"]
    return found


def test_backs_off_and_names_field_and_manager(sites: Sites, writes: OperatorWrites) -> None:
    name = "fought"
    reconciled(sites, name)
    fight_over_replicas(sites, name)
    stalled_over(sites, name, f"Deployment {sites.namespace}/{name}-gateway", ".spec.replicas", "'autoscaler'")
    assert sites.condition(name, "Ready")["reason"] == "FieldContested"
    sites.settle(name)
    assert writes.to_children()[f"deployments/{name}-gateway"] == 1 + TIMES
    writes.restart()
    for replicas in (21, 22, 23):
        scale(sites, name, replicas)
    sites.settle(name)
    assert writes.to_children() == {}
    assert child(sites, DEPLOYMENT, f"{name}-gateway")["spec"]["replicas"] == 23


def test_the_rest_of_a_contested_site_converges(sites: Sites) -> None:
    name = "half"
    reconciled(sites, name)
    fight_over_replicas(sites, name)
    stalled_over(sites, name)
    rules = f"{name}-processor"
    before = child(sites, CONFIG_MAP, rules)["data"]
    sites.api.merge(kind_path(CONFIG_MAP, sites.namespace, rules), {"data": {"rules.json": "[]"}})
    eventually("the ConfigMap is put back", lambda: child(sites, CONFIG_MAP, rules)["data"] == before)
    sites.apply(name, {"processor": {"replicas": 4}, "gateway": {"replicas": 5}})
    eventually("the processor follows", lambda: child(sites, DEPLOYMENT, rules)["spec"]["replicas"] == 4)
    gateway = f"{name}-gateway"
    eventually(
        "a changed spec is applied all the same", lambda: child(sites, DEPLOYMENT, gateway)["spec"]["replicas"] == 5
    )


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("label-removed", {"labels": {NAME_LABEL: None}}),
        ("hash-removed", {"annotations": {HASH: None}}),
        ("hash-edited", {"annotations": {HASH: "0"}}),
    ],
)
def test_backs_off_from_a_manager_that_strips_metadata(
    sites: Sites, writes: OperatorWrites, name: str, taken: dict[str, Any]
) -> None:
    reconciled(sites, name)
    account = f"{name}-gateway"
    before = child(sites, SERVICE_ACCOUNT, account)["metadata"]
    ours = (before["labels"], before["annotations"])

    def restored() -> bool:
        metadata = child(sites, SERVICE_ACCOUNT, account)["metadata"]
        return (metadata["labels"], metadata.get("annotations")) == ours

    for _ in range(TIMES):
        sites.api.merge(kind_path(SERVICE_ACCOUNT, sites.namespace, account), {"metadata": taken}, manager="cleaner")
        eventually("put back", restored, pause=0.02)
    sites.api.merge(kind_path(SERVICE_ACCOUNT, sites.namespace, account), {"metadata": taken}, manager="cleaner")
    field = NAME_LABEL if "labels" in taken else HASH
    stalled_over(sites, name, f"ServiceAccount {sites.namespace}/{account}", field)
    sites.settle(name)
    assert writes.to_children()[f"serviceaccounts/{account}"] == 1 + TIMES


def test_backs_off_from_a_manager_that_adds_to_exact_content(sites: Sites, writes: OperatorWrites) -> None:
    name = "stuffed"
    reconciled(sites, name)
    rules = f"{name}-processor"
    before = child(sites, CONFIG_MAP, rules)["data"]
    path = kind_path(CONFIG_MAP, sites.namespace, rules)
    for number in range(TIMES):
        sites.api.merge(path, {"data": {"extra": str(number)}}, manager="stuffer")
        eventually("removed", lambda: child(sites, CONFIG_MAP, rules)["data"] == before, pause=0.02)
    sites.api.merge(path, {"data": {"extra": "last"}}, manager="stuffer")
    stalled_over(sites, name, ".data.extra", "'stuffer'")
    sites.settle(name)
    assert writes.to_children()[f"configmaps/{rules}"] == 1 + TIMES
