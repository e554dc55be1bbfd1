"""The sinks in the status of a site: what is shown, what stays, and what is written although only figures differ."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from edge_operator.status.facts import ComponentFacts, SiteFacts, TopicFacts
from edge_operator.status.site import site_status, site_update
from edge_wire.messages import StorageReport
from edge_wire.messages.sinks import SinkReport

THEN, NOW = "2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z"
NOON = datetime(2026, 11, 30, 12, 0, 0, 400_000, UTC)
UP = SinkReport("cloud", connected=True)
AWAY = SinkReport(
    "cloud", connected=False, pending=100, oldest_pending_time=NOON, dead_letters=2, last_error="no route"
)
STORE = StorageReport(4096, 1, capacity_bytes=10 << 30, oldest_received_at=NOON)


def facts(*sinks: SinkReport, due: bool = False, names: tuple[str, ...] | None = ("cloud",), **more: Any) -> SiteFacts:
    topics = TopicFacts(sinks=sinks, storage=more.pop("storage", None))
    return SiteFacts(3, sinks=names, figures_due=due, topics=topics, **more)


def cloud(status: dict[str, Any]) -> tuple[str, str]:
    (found,) = (each for each in status["conditions"] if each["type"] == "CloudConnected")
    return found["status"], found["lastTransitionTime"]


def test_status_shows_the_sinks_of_the_spec_in_its_order() -> None:
    kafka = SinkReport("kafka", connected=True)
    status = site_status(facts(kafka, AWAY, SinkReport("webhook", connected=True), names=("cloud", "kafka")), {}, NOW)
    assert status["sinks"] == [
        {
            "name": "cloud",
            "connected": False,
            "pending": 100,
            "oldestPendingTime": "2026-11-30T12:00:00Z",
            "deadLetters": 2,
            "lastError": "no route",
        },
        {"name": "kafka", "connected": True, "pending": 0, "deadLetters": 0},
    ]


def test_sink_that_is_removed_from_the_spec_disappears_at_once() -> None:
    before = site_status(facts(UP), {}, THEN)
    for reported in (facts(UP, names=()), replace(facts(names=()), topics=TopicFacts())):
        after = site_update(reported, before, NOW)
        assert after is not None
        assert "sinks" not in after
        assert cloud(after)[0] == "False"


@pytest.mark.parametrize(
    "unknown",
    [
        pytest.param(replace(facts(), topics=TopicFacts()), id="a new leader"),
        pytest.param(facts(), id="a processor that has just started"),
        pytest.param(replace(facts(names=None), topics=TopicFacts()), id="an unusable spec"),
    ],
)
@pytest.mark.parametrize("was", [UP, AWAY])
def test_state_of_a_sink_stays_until_it_is_reported(was: SinkReport, unknown: SiteFacts) -> None:
    before = site_status(facts(was), {}, THEN)
    assert site_update(unknown, before, NOW) is None


def test_sink_that_was_just_configured_is_unknown() -> None:
    before = site_status(facts(names=()), {}, THEN)
    assert cloud(before)[0] == "False"
    assert cloud(site_status(facts(), before, NOW))[0] == "Unknown"


@pytest.mark.parametrize("due", [False, True])
def test_figures_are_written_only_if_they_are_due(*, due: bool) -> None:
    before = site_status(facts(AWAY, storage=STORE), {}, THEN)
    more = replace(AWAY, pending=900, last_error="401")
    after = site_update(facts(more, storage=replace(STORE, used_bytes=1 << 20), due=due), before, NOW)
    assert (after is not None) is due
    if after is not None:
        assert (after["sinks"][0]["pending"], after["storage"]["bytes"]) == (900, 1 << 20)
        assert "900 readings wait" in str(after["conditions"])
        assert cloud(after) == ("False", THEN)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(facts(replace(UP, pending=7), storage=replace(STORE, used_bytes=1)), id="connection"),
        pytest.param(facts(replace(AWAY, pending=7), storage=replace(STORE, used_bytes=1), paused=True), id="phase"),
        pytest.param(
            facts(replace(AWAY, pending=7), storage=replace(STORE, used_bytes=1, problem="disk full")), id="problem"
        ),
        pytest.param(
            facts(
                replace(AWAY, pending=7),
                SinkReport("kafka", connected=True),
                storage=replace(STORE, used_bytes=1),
                names=("cloud", "kafka"),
            ),
            id="another sink",
        ),
        pytest.param(
            facts(replace(AWAY, pending=7), storage=replace(STORE, used_bytes=1), sink_problems={"cloud": "no Secret"}),
            id="Secret",
        ),
    ],
)
def test_status_that_is_written_anyway_has_the_present_figures(changed: SiteFacts) -> None:
    before = site_status(facts(AWAY, storage=STORE), {}, THEN)
    after = site_update(changed, before, NOW)
    assert after is not None
    assert (after["sinks"][0]["pending"], after["storage"]["bytes"]) == (7, 1)


def test_problem_of_a_secret_is_the_error_of_its_sink() -> None:
    (sink,) = site_status(facts(AWAY, sink_problems={"cloud": "s" * 300}), {}, NOW)["sinks"]
    assert sink["lastError"] == "s" * 256


def test_figures_of_the_store() -> None:
    status = site_status(facts(storage=STORE), {}, NOW)
    assert status["storage"] == {"bytes": 4096, "dropped": 1, "capacity": 10 << 30, "oldest": "2026-11-30T12:00:00Z"}
    old = site_status(facts(storage=StorageReport(4096, 1)), {}, NOW)
    assert old["storage"] == {"bytes": 4096, "dropped": 1}, "a processor of an older release"


ZERO = (ComponentFacts("processor", "p:1", 0),)


@pytest.mark.parametrize(
    "without",
    [
        pytest.param(replace(facts(UP), topics=TopicFacts(sinks=(UP,), processor_absent=True)), id="no ready pod"),
        pytest.param(facts(UP, components=ZERO), id="replicas 0"),
        pytest.param(replace(facts(components=ZERO), topics=TopicFacts()), id="replicas 0, not reported"),
    ],
)
def test_no_sink_is_connected_without_a_processor(without: SiteFacts) -> None:
    before = site_status(facts(UP), {}, THEN)
    after = site_update(without, before, NOW)
    assert after is not None
    assert cloud(after) == ("Unknown", NOW)
    (sink,) = after["sinks"]
    assert (sink["connected"], sink["lastError"]) == (False, "no processor runs")
    assert site_update(without, after, NOW) is None
    again = site_status(replace(facts(), topics=TopicFacts()), after, NOW)
    assert "replicas is 0" not in str(again["conditions"])


def test_message_of_an_older_release_is_not_kept() -> None:
    before = site_status(facts(), {}, THEN)
    for each in before["conditions"]:
        if each["type"] == "CloudConnected":
            each["message"] = "spec.cloud is not used yet: readings stay on site"
    after = site_status(replace(facts(), topics=TopicFacts()), before, NOW)
    assert "not used yet" not in str(after["conditions"])
