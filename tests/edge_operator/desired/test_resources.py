"""CPU and memory of each container: a quantity in the spec replaces the default of its own name only."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.api.quantity import parse_quantity
from edge_operator.api.references import Resources
from edge_operator.desired.components import components
from edge_operator.desired.defaults import RESOURCES
from edge_operator.desired.resources import effective_resources
from tests.edge_operator.desired.sites import children, container, make_site

USUAL = Resources(requests={"cpu": "50m", "memory": "64Mi"}, limits={"cpu": "100m", "memory": "128Mi"})

Block = dict[str, dict[str, int | str]]
CASES: dict[str, tuple[Block, Block]] = {
    "nothing": ({}, {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "128Mi"}}),
    "empty maps": (
        {"requests": {}, "limits": {}},
        {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "128Mi"}},
    ),
    "one limit": (
        {"limits": {"cpu": "500m"}},
        {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}},
    ),
    "limit below the default request": (
        {"limits": {"cpu": "20m", "memory": "32Mi"}},
        {"requests": {"cpu": "20m", "memory": "32Mi"}, "limits": {"cpu": "20m", "memory": "32Mi"}},
    ),
    "request within the default limit": (
        {"requests": {"cpu": "10m"}},
        {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "128Mi"}},
    ),
    "request above the default limit": (
        {"requests": {"memory": "1Gi"}},
        {"requests": {"cpu": "50m", "memory": "1Gi"}, "limits": {"cpu": "100m", "memory": "1Gi"}},
    ),
    "request equal to the default limit, in another notation": (
        {"requests": {"cpu": "0.1"}},
        {"requests": {"cpu": "0.1", "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "128Mi"}},
    ),
    "limit removed": (
        {"limits": {"cpu": 0}},
        {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    ),
    "limit removed under a large request": (
        {"requests": {"memory": "1Gi"}, "limits": {"memory": "0"}},
        {"requests": {"cpu": "50m", "memory": "1Gi"}, "limits": {"cpu": "100m"}},
    ),
    "nothing requested": (
        {"requests": {"cpu": 0}},
        {"requests": {"cpu": 0, "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "128Mi"}},
    ),
    "another resource": (
        {"limits": {"example.com/gpu": 1}},
        {
            "requests": {"cpu": "50m", "memory": "64Mi"},
            "limits": {"cpu": "100m", "memory": "128Mi", "example.com/gpu": 1},
        },
    ),
}


@pytest.mark.parametrize(("block", "becomes"), CASES.values(), ids=CASES)
def test_each_quantity_replaces_its_own_default(block: Block, becomes: Block) -> None:
    found = effective_resources("x.resources", Resources.model_validate(block), USUAL)
    assert (found.requests, found.limits) == (becomes["requests"], becomes["limits"])


def test_without_a_block_the_defaults_are_in_effect() -> None:
    assert effective_resources("x.resources", None, USUAL) == USUAL


AMOUNTS = st.dictionaries(
    st.sampled_from(["cpu", "memory", "example.com/gpu"]), st.sampled_from([0, 1, "10m", "1Mi", "100Mi", "8Gi", "1e3"])
)


@given(requests=AMOUNTS, limits=AMOUNTS)
def test_no_request_is_above_its_limit_and_nothing_given_is_lost(
    requests: dict[str, int | str], limits: dict[str, int | str]
) -> None:
    """The CRD rejects a block with a request above a limit of the same block."""
    fits = (
        parse_quantity(limits.get(name, 0)) == 0 or parse_quantity(requests[name]) <= parse_quantity(limits[name])
        for name in requests
    )
    if not all(fits):
        return
    found = effective_resources("x.resources", Resources(requests=requests, limits=limits), USUAL)
    assert found.requests is not None
    assert found.limits is not None
    for name in found.requests.keys() & found.limits.keys():
        assert parse_quantity(found.requests[name]) <= parse_quantity(found.limits[name])
    assert requests.items() <= found.requests.items()
    assert {name: limit for name, limit in limits.items() if parse_quantity(limit)}.items() <= found.limits.items()
    assert {"cpu", "memory"} <= found.requests.keys()


BLOCKS = {"gateway": "gateway", "processor": "processor", "storage": "storage", "mqtt": "broker.managed"}


def spec_with(path: str, resources: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = {"resources": resources}
    for part in reversed(path.split(".")):
        spec = {part: spec}
    return spec


@pytest.mark.parametrize(("component", "path"), BLOCKS.items())
def test_a_limit_of_the_cpu_keeps_the_limit_of_the_memory(component: str, path: str) -> None:
    usual = RESOURCES[component]
    found = container(component, spec_with(path, {"limits": {"cpu": "900m"}}))["resources"]
    assert found == {"requests": usual.requests, "limits": {**(usual.limits or {}), "cpu": "900m"}}


@pytest.mark.parametrize(("component", "path"), BLOCKS.items())
def test_a_quantity_that_cannot_be_read_is_named(component: str, path: str) -> None:
    """An older schema may have accepted it."""
    site = make_site(spec_with(path, {"limits": {"cpu": "much"}}))
    with pytest.raises(ValueError, match=rf"^{path}\.resources\.limits\.cpu: 'much' is not a quantity"):
        components(site)


def test_queues_of_a_broker_without_a_limit_are_those_of_the_default_limit() -> None:
    unlimited = spec_with("broker.managed", {"limits": {"memory": 0}})
    assert children(unlimited)["ConfigMap", "mqtt"]["data"] == children()["ConfigMap", "mqtt"]["data"]
    assert "memory" not in container("mqtt", unlimited)["resources"]["limits"]
