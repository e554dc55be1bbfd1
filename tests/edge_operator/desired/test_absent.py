"""What is not made: everything of a broker that the user runs, budgets of one pod."""

from typing import Any

import pytest

from edge_operator.desired.components import components
from edge_operator.desired.site import desired_objects
from tests.edge_operator.desired.sites import EXTERNAL, children, make_site

OF_THE_BROKER = {
    ("ServiceAccount", "mqtt"),
    ("Role", "mqtt"),
    ("RoleBinding", "mqtt"),
    ("NetworkPolicy", "mqtt"),
    ("Secret", "gateway-credentials"),
    ("Secret", "processor-credentials"),
    ("Secret", "storage-credentials"),
    ("Secret", "mqtt-credentials"),
    ("Secret", "mqtt-auth"),
    ("Secret", "mqtt-tls"),
    ("ConfigMap", "mqtt"),
    ("PersistentVolumeClaim", "mqtt-data"),
    ("PersistentVolumeClaim", "mqtt-log"),
    ("Service", "mqtt"),
    ("Service", "mqtt-internal"),
    ("Deployment", "mqtt"),
}


@pytest.mark.parametrize("leftover", [{}, {"managed": {"clients": [{"name": "grafana"}]}}])
def test_external_broker_removes_everything_of_ours(leftover: dict[str, Any]) -> None:
    assert children().keys() - children({"broker": EXTERNAL | leftover}).keys() == OF_THE_BROKER
    assert [each.name for each in components(make_site({"broker": EXTERNAL}))] == ["gateway", "processor", "storage"]


def test_external_broker_adds_nothing() -> None:
    assert not children({"broker": EXTERNAL}).keys() - children().keys()


@pytest.mark.parametrize(
    ("component", "replicas", "wanted"),
    [("gateway", 0, False), ("gateway", 1, False), ("gateway", 2, True), ("processor", 1, False)],
)
def test_budget_from_two_pods(component: str, replicas: int, wanted: bool) -> None:  # noqa: FBT001  # a table's column
    spec = {component: {"replicas": replicas}}
    assert (("PodDisruptionBudget", component) in children(spec)) is wanted


def test_root_secret_is_not_among_the_children() -> None:
    assert ("Secret", "root") not in children()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"broker": {"type": "External"}}, r"broker: type External needs `external`"),
        ({"broker": {"type": "External", "external": {"url": "mqtt://b:99999"}}}, r"broker\.external\.url"),
        ({"cloud": {"endpoint": "https://c:0"}}, r"cloud\.endpoint"),
        ({"processor": {"kafka": {"brokers": ["k:70000"]}}}, r"processor\.kafka\.brokers.*k:70000"),
    ],
)
def test_what_cannot_be_made_is_refused_by_name(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        desired_objects(make_site(spec))
