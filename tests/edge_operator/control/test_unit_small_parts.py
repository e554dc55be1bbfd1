"""Small decisions about a site: where devices connect, what stands while its spec is unusable, which patch strips."""

from typing import Any

import pytest

from edge_operator.control.address import Address, address_of
from edge_operator.control.intent import ObjectKey
from edge_operator.control.last_known import last_known
from edge_operator.control.observed import Observed
from edge_operator.control.ownership import Path
from edge_operator.control.resource import SiteObject
from edge_operator.control.strip import without_foreign
from edge_operator.desired.kinds import SECRET
from edge_operator.status.facts import ComponentFacts, Problem, SiteFacts
from tests.edge_operator.control.lives import site


def with_status(**status: Any) -> SiteObject:
    return SiteObject({**site(generation=4).body, "status": status})


ADDRESSES: dict[str, tuple[dict[str, str], Address | None, bool]] = {
    "none yet": ({}, None, False),
    "without TLS alone": ({"mqtt": "mqtt://h:1883"}, None, False),
    "given": ({"mqtts": "mqtts://edge.example.com:30883"}, Address("edge.example.com", 30883), False),
    "usual port": ({"mqtts": "mqtts://edge.example.com"}, Address("edge.example.com", 8883), False),
    "IPv6": ({"mqtts": "mqtts://[2001:db8::1]:8883"}, Address("2001:db8::1", 8883), False),
    "in the cluster": (
        {"mqtts": "mqtts://plant-gateway.factory.svc:8883"},
        Address("plant-gateway.factory.svc", 8883),
        True,
    ),
    "no host": ({"mqtts": "mqtts://:8883"}, Address("", 8883), False),
}


@pytest.mark.parametrize(("endpoints", "address", "inside"), ADDRESSES.values(), ids=ADDRESSES)
def test_where_devices_connect(endpoints: dict[str, str], address: Address | None, *, inside: bool) -> None:
    found = address_of(with_status(endpoints=endpoints))
    assert found == address
    assert (found is not None and found.in_cluster_only) is inside


PROBLEM = Problem("SpecInvalid", "correct it")


@pytest.mark.parametrize("paused", [True, False])
def test_what_runs_is_still_told_while_the_spec_is_unusable(*, paused: bool) -> None:
    parts = [{"name": "gateway", "image": "g:1", "desired": 3, "ready": 2}]
    known = with_status(components=parts, endpoints={"http": "http://h:80"})
    assert last_known(known, PROBLEM, paused=paused) == SiteFacts(
        4,
        paused=paused,
        problems=(PROBLEM,),
        components=(ComponentFacts("gateway", "g:1", 3, 2),),
        endpoints={"http": "http://h:80"},
    )


def test_nothing_is_known_of_a_site_whose_spec_never_was_usable() -> None:
    for known in (site(generation=4), with_status(components=None, endpoints=None)):
        assert last_known(known, PROBLEM, paused=False) == SiteFacts(4, problems=(PROBLEM,))


PATCHES: dict[str, tuple[tuple[Path, ...], dict[str, Any]]] = {
    "one key": ((("f:data", "f:b"),), {"data": {"b": None}}),
    "two keys": ((("f:data", "f:b"), ("f:data", "f:c")), {"data": {"b": None, "c": None}}),
    "a whole field": ((("f:spec", "f:egress"),), {"spec": {"egress": None}}),
    "deeper": ((("f:spec", "f:podSelector", "f:matchLabels"),), {"spec": {"podSelector": {"matchLabels": None}}}),
    "below an item of a list": ((("f:spec", 'k:{"a":1}', "f:b", "."),), {"spec": {"b": None}}),
    "what lies in another that goes": ((("f:data",), ("f:data", "f:b")), {"data": None}),
}


@pytest.mark.parametrize(("foreign", "patch"), PATCHES.values(), ids=PATCHES)
def test_patch_that_strips(foreign: tuple[Path, ...], patch: dict[str, Any]) -> None:
    key = ObjectKey(SECRET, "factory", "x")
    seen = Observed(key, "u-1", "1", None, None, None, 0, foreign, class_owned=False, deleting=False)
    assert without_foreign(seen) == {"metadata": {"uid": "u-1"}, **patch}
