"""A real API server takes every child as it is, and pods of every template under PodSecurity `restricted`."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from e2e.cluster.fixture import Kubectl
from edge_operator.desired.root_secret import root_secret
from edge_operator.desired.site import SiteInput, desired_objects
from tests.edge_operator.desired.sites import EXTERNAL, FULL, ROOT, make_site

pytestmark = pytest.mark.process

SPECS: dict[str, dict[str, Any]] = {
    "plain": {},
    "full": FULL,
    "external": {"broker": EXTERNAL | {"external": {"url": "mqtts://b", "caSecretRef": {"name": "ca"}}}},
    "unlabelled": {"cloud": FULL["cloud"], "alerting": FULL["alerting"]},
    "merged": {"broker": {"managed": {"resources": {"limits": {"cpu": "20m", "memory": 0}}}}},
    "closed": {"gateway": {"replicas": 0}, "processor": {"replicas": 0, "rules": []}},
}
APPLY = ("apply", "--server-side", "--validate=strict", "--field-manager=edge-operator", "-f", "-")


@pytest.fixture(scope="module")
def restricted(kubectl: Kubectl, namespace: str) -> str:
    kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/warn=restricted")
    return namespace


@pytest.fixture(params=list(SPECS))
def site(request: pytest.FixtureRequest, restricted: str) -> SiteInput:
    made = replace(make_site(SPECS[request.param], name=f"site-{request.param}"), namespace=restricted)
    return replace(made, usable_secrets=frozenset()) if request.param == "unlabelled" else made


@pytest.fixture
def priority_class(kubectl: Kubectl) -> Iterator[None]:
    kubectl("create", "priorityclass", FULL["scheduling"]["priorityClassName"], "--value=10")
    yield
    kubectl("delete", "priorityclass", FULL["scheduling"]["priorityClassName"])


def as_list(manifests: list[dict[str, Any]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})


def without_owner(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return it without its owner, which is not there: the garbage collector would delete it."""
    head = {key: value for key, value in manifest["metadata"].items() if key != "ownerReferences"}
    return manifest | {"metadata": head}


def differences(sent: Any, stored: Any, path: str = "") -> list[str]:
    """Return where what is stored is not what was sent.

    What the server added does not count; an empty list or string is stored as nothing (and owned all the same).
    """
    if sent in ("", [], {}) and stored is None:
        return []
    if isinstance(sent, dict):
        nested = (differences(value, stored.get(key), f"{path}.{key}") for key, value in sent.items())
        return [each for group in nested for each in group]
    if isinstance(sent, list):
        if len(sent) != len(stored or ()):
            return [f"{path}: {len(sent)} items became {stored}"]
        pairs = enumerate(zip(sent, stored, strict=True))
        return [each for index, (one, other) in pairs for each in differences(one, other, f"{path}[{index}]")]
    return [] if str(sent) == str(stored) else [f"{path}: {sent!r} became {stored!r}"]


def test_every_child_is_taken_as_it_is(site: SiteInput, kubectl: Kubectl) -> None:
    manifests = [root_secret(site.name, site.namespace, ROOT), *desired_objects(site)]
    assert kubectl(*APPLY, "--dry-run=server", stdin=as_list(manifests)).stderr == ""
    kubectl(*APPLY, stdin=as_list([without_owner(each) for each in manifests]))
    names = [f"{each['kind'].lower()}/{each['metadata']['name']}" for each in manifests]
    stored = json.loads(kubectl("get", *names, "-n", site.namespace, "-o", "json").stdout)["items"]
    found = {(each["kind"], each["metadata"]["name"]): each for each in stored}
    for manifest in manifests:
        key = manifest["kind"], manifest["metadata"]["name"]
        assert differences(without_owner(manifest), found[key]) == [], key


@pytest.mark.usefixtures("priority_class")
def test_pods_are_let_in_under_restricted(site: SiteInput, kubectl: Kubectl) -> None:
    manifests = desired_objects(site)
    accounts = [without_owner(each) for each in manifests if each["kind"] == "ServiceAccount"]
    kubectl(*APPLY, stdin=as_list(accounts))
    templates = [each["spec"]["template"] for each in manifests if each["kind"] == "Deployment"]
    assert templates
    for template in templates:
        head = template["metadata"] | {"generateName": "try-"}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": head, "spec": template["spec"]}
        options = ("--dry-run=server", "--validate=strict", "-n", site.namespace, "-f", "-")
        done = kubectl("create", *options, stdin=json.dumps(pod))
        assert done.stderr == ""
