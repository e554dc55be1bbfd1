"""What every pod of a site has, whatever it runs: where it may run, how it ends, what is reported of a crash."""

from typing import Any

import pytest

from edge_operator.desired.encoding import content_hash
from tests.edge_operator.desired.sites import FULL, ROOT, container, environment, make_site, pod

COMPONENTS = ["gateway", "processor", "storage", "mqtt"]


@pytest.mark.parametrize("component", COMPONENTS)
def test_last_lines_of_a_crash_are_in_the_pods_status(component: str) -> None:
    assert container(component)["terminationMessagePolicy"] == "FallbackToLogsOnError"


@pytest.mark.parametrize("component", COMPONENTS)
def test_files_of_a_large_volume_are_not_given_to_the_group_one_by_one_at_each_start(component: str) -> None:
    assert pod(component)["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch"


@pytest.mark.parametrize("component", COMPONENTS)
def test_container_says_all_that_it_may_not_so_that_nobody_else_owns_it(component: str) -> None:
    assert container(component)["securityContext"] == {
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize("component", ["gateway", "processor"])
def test_pods_are_spread_over_nodes_as_far_as_there_are_some(component: str) -> None:
    (spread,) = pod(component)["topologySpreadConstraints"]
    del spread["labelSelector"]
    assert spread == {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}


OWN = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"}
LIMITED = OWN | {"tolerationSeconds": 300}


@pytest.mark.parametrize(
    ("profile", "given", "added"),
    [
        pytest.param("SingleNode", OWN, [], id="the same as ours"),
        pytest.param("MultiNode", LIMITED, [], id="the same with its limit"),
        pytest.param("MultiNode", OWN, [OWN], id="another limit"),
    ],
)
def test_toleration_is_not_listed_twice(profile: str, given: dict[str, Any], added: list[dict[str, Any]]) -> None:
    spec = {"scheduling": {"profile": profile, "tolerations": [given]}}
    assert pod("gateway", spec)["tolerations"][2:] == added


def test_empty_fields_of_scheduling_are_left_out() -> None:
    spec = {"scheduling": {"nodeSelector": {}, "tolerations": []}, "imagePullSecrets": []}
    assert pod("gateway", spec) == pod("gateway")


def test_certificate_of_the_gateway() -> None:
    values = environment("gateway", FULL)
    assert (values["TLS_CERT_FILE"], values["TLS_KEY_FILE"]) == ("/etc/edge/tls/tls.crt", "/etc/edge/tls/tls.key")


def test_hash_is_of_the_content_and_not_of_its_order() -> None:
    one = {"kind": "Secret", "metadata": {"name": "a"}, "data": {"x": "1", "y": "2"}}
    other = {"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "1"}}
    shuffled = {**one, "data": {"y": "2", "x": "1"}}
    assert content_hash(one, other) == content_hash(other, shuffled)
    assert content_hash(one, other) != content_hash(one)
    assert content_hash(one, other) == "1339ead9247e8356b35b96e8040c506c", "another one replaces the pods of all sites"


def test_site_is_of_the_first_period_where_none_is_given() -> None:
    assert make_site().period == 0


def test_root_key_of_a_site_is_not_shown() -> None:
    assert repr(ROOT) not in repr(make_site())
