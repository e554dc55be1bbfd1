"""Pods are replaced when what they read changes, and only then."""

from dataclasses import replace
from typing import Any

import pytest

from edge_operator.desired.inputs import DeviceLogin
from edge_operator.desired.site import SiteInput, desired_objects
from tests.edge_operator.desired.sites import children, make_site

ANNOTATION = "edge-stack.io/config-hash"


def hashes(spec: dict[str, Any], root: bytes | None = None) -> dict[str, str]:
    site = make_site(spec)
    return annotations(replace(site, root=root) if root else site)


def annotations(site: SiteInput) -> dict[str, str]:
    return {
        each["metadata"]["name"].removeprefix("factory-"): each["spec"]["template"]["metadata"]["annotations"][
            ANNOTATION
        ]
        for each in desired_objects(site)
        if each["kind"] == "Deployment"
    }


@pytest.mark.parametrize(
    ("spec", "rolled"),
    [
        ({"location": "x"}, set()),
        ({"gateway": {"replicas": 9, "image": "g:2"}}, set()),
        ({"storage": {"syncInterval": "1s", "size": "20Gi"}}, set()),
        ({"processor": {"rules": []}}, {"processor"}),
        ({"forwarding": [{"sensorType": "temperature", "deadband": 1}]}, {"processor"}),
        ({"alerting": {"webhook": {"url": "https://h"}}}, set()),
        ({"broker": {"managed": {"clients": [{"name": "grafana", "subscribe": ["alerts/#"]}]}}}, {"mqtt"}),
        ({"broker": {"managed": {"resources": {"limits": {"memory": "1Gi"}}}}}, {"mqtt"}),
        ({"broker": {"managed": {"image": "m:2"}}}, set()),
    ],
)
def test_hash_moves_for_what_the_pod_reads(spec: dict[str, Any], rolled: set[str]) -> None:
    before, after = hashes({}), hashes(spec)
    assert {name for name in before if before[name] != after[name]} == rolled


def test_another_root_rolls_everything_but_the_broker_which_gets_its_logins_from_the_agent() -> None:
    before, after = hashes({}), hashes({}, root=b"another root key of thirty-two b")
    assert {name for name in before if before[name] == after[name]} == {"mqtt"}


def test_devices_and_certificates_roll_nothing() -> None:
    site = make_site({})
    later = replace(site, devices=(DeviceLogin("d1", 0),), period=7, addresses=("192.0.2.1",))
    before, after = (annotations(each) for each in (site, later))
    assert before == after


def test_every_configuration_of_ours_is_covered() -> None:
    """Each component's hash is of what its pod mounts: the test of the fields shows the rest."""
    assert len(set(hashes({}).values())) == 4
    assert children()["Deployment", "mqtt"]["metadata"].get("annotations") is None
