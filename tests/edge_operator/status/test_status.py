from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.api.conditions import find_condition
from edge_operator.api.site_status import EdgeSiteStatus
from edge_operator.status.condition_value import ConditionValue, merge_conditions
from edge_operator.status.conditions import CONDITION_TYPES, NO_BROKER_POD, evaluate
from edge_operator.status.device_counts import DeviceCounts
from edge_operator.status.facts import BrokerFacts, ComponentFacts, Notice, Problem, SiteFacts, TopicFacts
from edge_operator.status.readiness import phase
from edge_operator.status.site import figures_changed_enough, site_status, site_status_differs, site_update
from edge_wire.messages import StorageReport
from edge_wire.messages.sinks import SinkReport

UP = ComponentFacts("gateway", "image", 2, 2, rolled_out=True)
ROLLING = ComponentFacts("processor", "image", 2, 1)
NONE_WANTED = ComponentFacts("gateway", "image", 0, 0, rolled_out=True)
DOWN = ComponentFacts("storage", "image", 1, 0)
REFUSED = ComponentFacts("mqtt", "image", 1, 0, failure="exceeded quota")
LASTING = Problem("Invalid", "correct it")
PASSING = Problem("Busy", "it passes", lasting=False)
WELL = SiteFacts(3, components=(UP,))
READY, THEN, NOW = {"phase": "Ready"}, "2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z"


@pytest.mark.parametrize(
    ("facts", "ready", "word"),
    [
        pytest.param(WELL, ("True", "Reconciled"), "Ready", id="well"),
        pytest.param(
            replace(WELL, components=(UP, ROLLING)), ("False", "ComponentsNotReady"), "Progressing", id="rolling"
        ),
        pytest.param(replace(WELL, components=(UP, REFUSED)), ("False", "PodsRefused"), "Degraded", id="pods refused"),
        pytest.param(
            replace(WELL, terminating=("Service a/b",)), ("False", "WaitingForDeletion"), "Progressing", id="leaving"
        ),
        pytest.param(replace(WELL, problems=(LASTING,)), ("False", "Invalid"), "Degraded", id="lasting problem"),
        pytest.param(replace(WELL, problems=(PASSING,)), ("False", "Busy"), "Progressing", id="passing problem"),
        pytest.param(replace(WELL, components=()), ("False", "ComponentsNotReady"), "Pending", id="nothing known"),
        pytest.param(replace(WELL, paused=True), ("True", "Paused"), "Paused", id="paused"),
        pytest.param(
            replace(WELL, paused=True, pending_changes=("Service a/b",)),
            ("False", "Paused"),
            "Paused",
            id="changes wait",
        ),
        pytest.param(
            replace(WELL, paused=True, components=(DOWN,)),
            ("False", "ComponentsNotReady"),
            "Paused",
            id="paused and not rolled out",
        ),
        pytest.param(
            replace(WELL, paused=True, problems=(LASTING,)), ("False", "Invalid"), "Paused", id="paused, problem"
        ),
        pytest.param(
            SiteFacts(1, problems=(LASTING, PASSING), terminating=("x",), components=(REFUSED, ROLLING)),
            ("False", "Invalid"),
            "Degraded",
            id="the gravest first",
        ),
    ],
)
def test_ready_and_phase(facts: SiteFacts, ready: tuple[str, str], word: str) -> None:
    said = evaluate(facts)
    assert (said["Ready"].status, said["Ready"].reason) == ready
    assert phase(facts, said, {}) == word


@pytest.mark.parametrize(
    ("facts", "available"),
    [
        pytest.param(WELL, ("True", "ComponentsAvailable"), id="well"),
        pytest.param(replace(WELL, components=(UP, ROLLING)), ("True", "ComponentsAvailable"), id="one pod is enough"),
        pytest.param(replace(WELL, components=(UP, DOWN)), ("False", "ComponentsUnavailable"), id="one has none"),
        pytest.param(replace(WELL, components=()), ("Unknown", "NotObserved"), id="nothing known"),
        pytest.param(replace(WELL, components=(UP, NONE_WANTED)), ("True", "ComponentsAvailable"), id="none wanted"),
        pytest.param(
            replace(WELL, components=(DOWN, NONE_WANTED)),
            ("False", "ComponentsUnavailable"),
            id="none wanted of one, another down",
        ),
    ],
)
def test_available(facts: SiteFacts, available: tuple[str, str]) -> None:
    said = evaluate(facts)["Available"]
    assert (said.status, said.reason) == available


@pytest.mark.parametrize(
    ("before", "components", "word"),
    [
        ("Ready", (UP, DOWN), "Degraded"),
        ("Degraded", (UP, DOWN), "Degraded"),
        ("Progressing", (UP, DOWN), "Progressing"),
        (None, (UP, DOWN), "Progressing"),
        ("Ready", (UP, ROLLING), "Progressing"),
        ("Degraded", (UP,), "Ready"),
    ],
)
def test_phase_depends_on_whether_it_was_up(before: str | None, components: Any, word: str) -> None:
    facts = replace(WELL, components=components)
    assert phase(facts, evaluate(facts), {"phase": before}) == word


@pytest.mark.parametrize(
    ("before", "components", "word"),
    [
        pytest.param(None, (DOWN,), "Progressing", id="has never run"),
        pytest.param("Progressing", (DOWN,), "Progressing", id="has not run yet"),
        pytest.param("Ready", (ROLLING,), "Degraded", id="ran, and an old pod still works"),
        pytest.param("Progressing", (ROLLING,), "Degraded", id="works now, but for one pod"),
        pytest.param("Degraded", (DOWN,), "Degraded", id="ran"),
    ],
)
def test_phase_of_a_site_with_a_pod_that_does_not_run(before: str | None, components: Any, word: str) -> None:
    pods = (Problem("ImageUnavailable", "no image", lasting=False),)
    facts = replace(WELL, components=components, pods=pods)
    said = evaluate(facts)
    assert phase(facts, said, {"phase": before}) == word
    assert said["Ready"].reason == said["Reconciling"].reason == "ImageUnavailable"
    assert "Stalled" not in said
    assert phase(facts, said, {"phase": before, "storage": {"bytes": 1}}) == "Degraded", "its store has reported"


@pytest.mark.parametrize(
    ("facts", "present"),
    [
        pytest.param(WELL, set(), id="well"),
        pytest.param(replace(WELL, components=(ROLLING,)), {"Reconciling"}, id="rolling"),
        pytest.param(replace(WELL, problems=(PASSING,)), {"Reconciling"}, id="passing"),
        pytest.param(replace(WELL, problems=(LASTING,)), {"Stalled"}, id="lasting"),
        pytest.param(replace(WELL, problems=(PASSING, LASTING)), {"Stalled"}, id="both"),
        pytest.param(replace(WELL, paused=True, pending_changes=("x",)), set(), id="paused"),
    ],
)
def test_kstatus_is_present_only_while_true(facts: SiteFacts, present: set[str]) -> None:
    said = evaluate(facts)
    assert set(said) & {"Reconciling", "Stalled"} == present
    assert all(said[condition_type].status == "True" for condition_type in present)


def test_every_problem_and_every_notice_has_a_line() -> None:
    said = evaluate(replace(WELL, problems=(LASTING, LASTING, PASSING)))["Ready"].message
    assert said.splitlines() == ["correct it", "correct it", "it passes"]
    assert "anew" in evaluate(replace(WELL, notices=(Notice("RootSecretMadeAnew", "made anew"),)))["Ready"].message


def condition(condition_type: str, status: str, at: str = THEN) -> dict[str, Any]:
    return {"type": condition_type, "status": status, "lastTransitionTime": at, "reason": "Old", "message": "old"}


@pytest.mark.parametrize(
    ("before", "at"),
    [
        pytest.param([], NOW, id="new"),
        pytest.param([condition("Ready", "True")], THEN, id="as it was, for another reason"),
        pytest.param([condition("Ready", "False")], NOW, id="flipped"),
        pytest.param([condition("Ready", "Unknown")], NOW, id="known now"),
        pytest.param([condition("Available", "True")], NOW, id="another one's"),
    ],
)
def test_transition_time_moves_only_on_a_flip(before: list[dict[str, Any]], at: str) -> None:
    (joined,) = merge_conditions(before, {"Ready": ConditionValue("True", "New", "new")}, 7, NOW)
    assert joined == {
        "type": "Ready",
        "status": "True",
        "observedGeneration": 7,
        "lastTransitionTime": at,
        "reason": "New",
        "message": "new",
    }


def test_long_message_is_cut() -> None:
    (joined,) = merge_conditions([], {"Ready": ConditionValue("False", "R", "é" * 100_000)}, 1, NOW)
    assert len(joined["message"]) == 4096


def test_nothing_differs_once_it_is_written() -> None:
    status = site_status(replace(WELL, endpoints={"http": "http://x"}), {}, NOW)
    assert status["endpoints"] == {"http": "http://x"}
    assert not site_status_differs(site_status(replace(WELL, endpoints={"http": "http://x"}), status, "later"), status)


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        pytest.param({"auditedBy": "somebody"}, False, id="what others own"),
        pytest.param({"sinks": [{"name": "cloud", "connected": True}]}, True, id="sink to remove"),
        pytest.param({"devices": {"total": 3}}, True, id="figures"),
        pytest.param({"phase": "Pending"}, True, id="phase"),
        pytest.param({"observedGeneration": 1}, True, id="generation"),
        pytest.param({"endpoints": {"http": "http://x"}}, True, id="endpoint to remove"),
        pytest.param({"components": []}, True, id="components"),
        pytest.param({"conditions": []}, True, id="conditions"),
    ],
)
def test_differs(change: dict[str, Any], *, differing: bool) -> None:
    status = site_status(WELL, {}, NOW)
    assert site_status_differs(status, status | change) == differing


def test_order_and_conditions_of_others_are_no_difference() -> None:
    status = site_status(replace(WELL, components=(UP, ROLLING)), {}, NOW)
    shuffled = status | {
        "conditions": [condition("Audited", "True"), *reversed(status["conditions"])],
        "components": status["components"][::-1],
    }
    assert not site_status_differs(status, shuffled)


def test_condition_of_ours_that_is_over_is_a_difference() -> None:
    status = site_status(WELL, {}, NOW)
    assert site_status_differs(status, status | {"conditions": [*status["conditions"], condition("Stalled", "True")]})


WORDS = st.text("abcXYZ", min_size=1, max_size=8)
COUNTS = st.integers(0, 2**62)
TIMES = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SINK_NAMES = st.sampled_from(["cloud", "kafka", "alertmanager", "webhook"])
SINKS = st.builds(SinkReport, SINK_NAMES, st.booleans(), COUNTS, TIMES, COUNTS, st.text(max_size=256))
FACTS = st.builds(
    SiteFacts,
    generation=st.integers(1, 5),
    paused=st.booleans(),
    sinks=st.none() | st.lists(SINK_NAMES, unique=True).map(tuple),
    sink_problems=st.dictionaries(SINK_NAMES, WORDS, max_size=2),
    topics=st.builds(
        TopicFacts,
        sinks=st.none() | st.lists(SINKS, max_size=4, unique_by=lambda sink: sink.name).map(tuple),
        storage=st.none() | st.builds(StorageReport, COUNTS, COUNTS, oldest_received_at=TIMES, capacity_bytes=COUNTS),
    ),
    figures_due=st.booleans(),
    pending_changes=st.lists(WORDS, max_size=2).map(tuple),
    terminating=st.lists(WORDS, max_size=2).map(tuple),
    problems=st.lists(st.builds(Problem, WORDS, WORDS, st.booleans()), max_size=2).map(tuple),
    components=st.lists(
        st.builds(
            ComponentFacts,
            name=st.sampled_from(["gateway", "processor", "storage", "mqtt"]),
            image=WORDS,
            desired=st.integers(0, 3),
            ready=st.integers(0, 3),
            rolled_out=st.booleans(),
            failure=st.sampled_from(["", "refused"]),
        ),
        max_size=4,
        unique_by=lambda part: part.name,
    ).map(tuple),
).map(lambda facts: facts if facts.paused else replace(facts, pending_changes=()))


@given(history=st.lists(FACTS, min_size=1, max_size=4))
def test_status_is_always_consistent(history: list[SiteFacts]) -> None:
    status: dict[str, Any] = {}
    for number, facts in enumerate(history):
        status = site_status(facts, status, f"2026-01-01T00:00:0{number}Z")
        assert not site_status_differs(site_status(facts, status, NOW), status), "the same facts say the same"
        assert site_update(replace(facts, figures_due=False), status, NOW) is None, "what is written is not due"
        assert not figures_changed_enough(facts, status)
        said = {each["type"]: each for each in status["conditions"]}
        assert len(said) == len(status["conditions"])
        assert set(said) <= set(CONDITION_TYPES)
        ready = said["Ready"]["status"] == "True"
        assert not ({"Reconciling", "Stalled"} <= set(said))
        assert not (ready and {"Reconciling", "Stalled"} & set(said))
        assert not ready or not (facts.problems or facts.terminating or facts.pending_changes)
        assert not ready or all(part.rolled_out for part in facts.components)
        assert (status["phase"] == "Ready") == (ready and not facts.paused)
        assert (status["phase"] == "Paused") == facts.paused
        EdgeSiteStatus.model_validate(status)


BROKERS = {
    "not asked yet": (None, "Unknown", "NotObserved"),
    "connected": (BrokerFacts(connected=True, message="connected to mqtt://x"), "True", "Connected"),
    "away": (BrokerFacts(connected=False, message="no route"), "False", "BrokerUnreachable"),
    "not trusted": (BrokerFacts(connected=False, message="who?", untrusted=True), "False", "BrokerUntrusted"),
    "refuses": (BrokerFacts(connected=False, message="not authorised", refused=True), "False", "BrokerRefused"),
    "no login": (BrokerFacts(connected=False, message="no Secret", unusable=True), "False", "BrokerLoginUnusable"),
}


def test_broker_that_drops_is_told_while_it_does_and_changes_nothing_else() -> None:
    well = replace(WELL, broker=BrokerFacts(connected=True, message="connected"))
    before = site_status(well, {}, NOW)
    drops = site_status(replace(well, topics=TopicFacts(dropping_seconds=600.0)), before, NOW)
    (extra,) = (each for each in drops["conditions"] if each not in before["conditions"])
    assert (extra["type"], extra["status"], extra["reason"]) == ("BrokerDropping", "True", "QueueFull")
    assert drops["phase"] == before["phase"] == "Ready"
    again = replace(well, topics=TopicFacts(dropping_seconds=5.0))
    assert site_update(again, drops, "later") is None, "how long is no reason to write"
    assert site_status(well, drops, NOW)["conditions"] == before["conditions"]
    assert site_update(replace(well, broker=None), drops, "later") is None, "a new leader asks first"


@pytest.mark.parametrize(("broker", "status", "reason"), BROKERS.values(), ids=BROKERS)
def test_broker_connected(broker: BrokerFacts | None, status: str, reason: str) -> None:
    said = evaluate(replace(WELL, broker=broker))["BrokerConnected"]
    assert (said.status, said.reason) == (status, reason)
    assert said.message


def test_what_was_said_of_the_broker_stands_while_a_new_leader_asks() -> None:
    before = site_status(replace(WELL, broker=BrokerFacts(connected=True, message="connected to mqtt://x")), {}, NOW)
    assert site_update(WELL, before, "later") is None


def test_other_words_for_the_same_are_no_news() -> None:
    before = site_status(replace(WELL, broker=BrokerFacts(connected=False, message="refused")), {}, NOW)
    assert site_update(replace(WELL, broker=BrokerFacts(connected=False, message="timed out")), before, "later") is None


def test_contended_session_is_written_once_whether_connected_at_the_moment_or_not() -> None:
    away = BrokerFacts(connected=False, message="taken over", contended=True)
    status = site_status(replace(WELL, broker=away), {}, NOW)
    for connected in (True, False, True):
        broker = BrokerFacts(connected=connected, message="connected to mqtt://x", contended=True)
        assert site_update(replace(WELL, broker=broker), status, "later") is None
    over = site_update(replace(WELL, broker=BrokerFacts(connected=True, message="x")), status, "later")
    assert over is not None
    assert find_condition(over, "BrokerConnected")["status"] == "True"


def test_that_the_broker_has_no_pod_and_that_it_has_one_again_is_news() -> None:
    away, no_pod = BrokerFacts(connected=False, message="refused"), ComponentFacts("mqtt", "image", 1, 0)
    facts = replace(WELL, broker=away, components=(no_pod,))
    status = site_update(facts, site_status(replace(facts, components=(replace(no_pod, ready=1),)), {}, NOW), "later")
    assert status is not None
    assert find_condition(status, "BrokerConnected")["message"] == NO_BROKER_POD
    assert site_update(facts, status, "later") is None
    again = site_update(replace(facts, components=(replace(no_pod, ready=1),)), status, "later")
    assert again is not None
    assert find_condition(again, "BrokerConnected")["message"] == "refused"


def test_figures_stand_until_others_are_to_be_told() -> None:
    before = site_status(replace(WELL, devices=DeviceCounts(total=3, online=2, unknown=1)), {}, NOW)
    assert before["devices"] == {"total": 3, "online": 2, "offline": 0, "unknown": 1}
    assert site_update(WELL, before, "later") is None
    changed = site_update(replace(WELL, devices=DeviceCounts(total=3, online=3)), before, "later")
    assert changed is not None
    assert changed["devices"]["online"] == 3
