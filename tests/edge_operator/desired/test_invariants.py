"""What holds for the children of every site, whatever its spec."""

from typing import Any

from hypothesis import given, settings

from edge_operator.desired.components import components
from edge_operator.desired.site import desired_objects
from tests.edge_operator.desired.invariants import check_all, of_kind
from tests.edge_operator.desired.sites import FULL, LONGEST_NAME, make_site
from tests.edge_operator.desired.specs import SITE_NAME, SPEC


@settings(max_examples=200, deadline=None)
@given(spec=SPEC, name=SITE_NAME)
def test_children_of_any_site(spec: dict[str, Any], name: str) -> None:
    site = make_site(spec, name=name)
    manifests = desired_objects(site)
    check_all(site, manifests)
    assert desired_objects(make_site(spec, name=name)) == manifests
    replicas = {
        each["metadata"]["labels"]["app.kubernetes.io/component"]: each["spec"]["replicas"]
        for each in of_kind(manifests, "Deployment")
    }
    assert replicas == {each.name: each.replicas for each in components(site)}


def test_children_of_the_longest_name() -> None:
    site = make_site(FULL, name=LONGEST_NAME)
    check_all(site, desired_objects(site))


def test_builders_share_nothing() -> None:
    site = make_site(FULL)
    first = desired_objects(site)
    for each in first:
        each["metadata"]["labels"].clear()
        each.get("data", {}).clear()
        each.get("spec", {}).clear()
    check_all(site, desired_objects(site))


def test_two_sites_of_a_namespace_share_no_secret() -> None:
    one = {each["metadata"]["name"] for each in desired_objects(make_site(name="a"))}
    other = {each["metadata"]["name"] for each in desired_objects(make_site(name="b"))}
    assert not one & other
    assert len(of_kind(desired_objects(make_site()), "Secret")) == 8
