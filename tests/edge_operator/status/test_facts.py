"""What is taken of a Deployment, and what the facts are before anything was looked at."""

from dataclasses import replace
from typing import Any

import pytest

from edge_operator.status.facts import BrokerFacts, ComponentFacts, Problem, SiteFacts, TopicFacts, component_facts


def deployment(generation: int = 2, observed: int = 2, **counts: int) -> dict[str, Any]:
    every = {"updatedReplicas": 2, "availableReplicas": 2, "replicas": 2, "readyReplicas": 2}
    return {"generation": generation, "status": {"observedGeneration": observed, **every, **counts}}


@pytest.mark.parametrize(
    ("seen", "rolled_out", "ready"),
    [
        pytest.param(deployment(), True, 2, id="rolled out"),
        pytest.param(deployment(observed=1), False, 2, id="generation not seen"),
        pytest.param(deployment(updatedReplicas=1), False, 2, id="old template"),
        pytest.param(deployment(availableReplicas=1), False, 2, id="not available"),
        pytest.param(deployment(replicas=3), False, 2, id="an old one is left"),
        pytest.param(deployment(readyReplicas=0), True, 0, id="fell just now"),
        pytest.param({}, False, 0, id="none there"),
        pytest.param({"generation": 2, "status": {"observedGeneration": 2}}, False, 0, id="no pods yet"),
        pytest.param({"generation": 1, "status": None}, False, 0, id="no status"),
        pytest.param({"generation": None, "status": {}}, False, 0, id="nulls"),
    ],
)
def test_component_facts(seen: dict[str, Any], ready: int, *, rolled_out: bool) -> None:
    facts = component_facts("gateway", "image", 2, seen)
    assert (facts.rolled_out, facts.ready) == (rolled_out, ready)


@pytest.mark.parametrize(
    ("counts", "old"),
    [
        ({}, 0),
        ({"replicas": 3}, 1),
        ({"replicas": 3, "updatedReplicas": 1}, 2),
        ({"replicas": 1, "updatedReplicas": 2}, 0),
    ],
)
def test_pods_of_an_earlier_template(counts: dict[str, int], old: int) -> None:
    assert component_facts("gateway", "image", 2, deployment(**counts)).old == old


@pytest.mark.parametrize(("status", "rolled_out"), [({"observedGeneration": 1}, True), ({}, False)])
def test_scaled_to_none_is_rolled_out_once_it_was_seen(status: dict[str, Any], *, rolled_out: bool) -> None:
    assert component_facts("x", "i", 0, {"generation": 1, "status": status}).rolled_out is rolled_out


@pytest.mark.parametrize(
    ("condition", "failure"),
    [
        ({"type": "ReplicaFailure", "status": "True", "message": "quota"}, "quota"),
        ({"type": "ReplicaFailure", "status": "False", "message": "quota"}, ""),
        ({"type": "ReplicaFailure", "status": "True"}, ""),
        ({"type": "Progressing", "status": "True", "message": "quota"}, ""),
    ],
)
def test_refused_pods(condition: dict[str, str], failure: str) -> None:
    assert component_facts("x", "i", 1, {"status": {"conditions": [condition]}}).failure == failure


def test_defaults_are_those_of_what_was_not_looked_at() -> None:
    assert ComponentFacts("x", "i", 1) == ComponentFacts("x", "i", 1, ready=0, rolled_out=False, failure="", old=0)
    assert SiteFacts(1) == SiteFacts(
        1, paused=False, sinks=(), sink_problems={}, endpoints={}, broker=None, topics=TopicFacts(), devices=None
    )
    connected = BrokerFacts(connected=True, message="")
    assert connected == replace(connected, refused=False, untrusted=False, unusable=False)
    assert TopicFacts() == TopicFacts(dropping_seconds=0.0, sinks_change_seconds=0.0)
    assert Problem("Invalid", "correct it").lasting


@pytest.mark.parametrize(
    ("drops", "sinks", "after"),
    [
        pytest.param(0.0, 0.0, None, id="nothing ends"),
        pytest.param(600.0, 0.0, 600.0, id="the drops end"),
        pytest.param(0.0, 3.0, 3.0, id="a connection that is held back"),
        pytest.param(600.0, 3.0, 3.0, id="the earlier of both"),
    ],
)
def test_when_a_fact_of_a_topic_changes_by_itself(drops: float, sinks: float, after: float | None) -> None:
    assert TopicFacts(dropping_seconds=drops, sinks_change_seconds=sinks).changes_after == after
