"""Reports about sinks: the last of each site, changes of connections at most every few seconds, metrics."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.site_broker.sink_reports import (
    HOLD_SECONDS,
    MAX_HOLD_SECONDS,
    UNDECIDED_SECONDS,
    SinkReports,
)
from edge_operator.telemetry.metrics import Metrics
from edge_wire.messages import ComponentStatus, MalformedError
from edge_wire.messages.sinks import SinkReport
from tests.edge_operator.control.samples import BEGAN, SITE

UP, AWAY = SinkReport("cloud", connected=True), SinkReport("cloud", connected=False, pending=7, last_error="no route")
KAFKA = SinkReport("kafka", connected=True, pending=3, oldest_pending_time=BEGAN)
NOTHING = (None, 0.0)


class World:
    """The reports of one site."""

    def __init__(self) -> None:
        self.at, self.enqueued = 100.0, list[ResourceKey]()
        self.metrics = Metrics()
        self.reports = SinkReports(self.metrics, self.enqueued.append, lambda: self.at)

    def record(self, *sinks: SinkReport, instance: str = "a") -> None:
        extra = {"sinks": [each.to_object() for each in sinks]}
        self.reports.record(SITE, ComponentStatus("processor", "online", instance, extra=extra))

    def get(self) -> tuple[tuple[SinkReport, ...] | None, float]:
        return self.reports.get(SITE)

    def metric(self, name: str, sink: str) -> float | None:
        labels = {"namespace": SITE[0], "site": SITE[1], "sink": sink}
        return self.metrics.registry.get_sample_value(f"edge_operator_site_sink_{name}", labels)


def test_last_report_is_a_fact_and_enqueues_the_site_when_it_differs() -> None:
    world = World()
    assert world.get() == NOTHING
    world.record(UP)
    world.record(UP)
    assert (world.get(), world.enqueued) == (((UP,), 0.0), [SITE])
    world.record(UP, KAFKA)
    assert (world.get(), len(world.enqueued)) == (((UP, KAFKA), 0.0), 2)
    world.record()
    assert world.get() == ((), 0.0), "the processor has no sink any more"


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(ComponentStatus("processor", "online"), id="an older release"),
        pytest.param(ComponentStatus("processor", "offline", extra={"sinks": []}), id="a will"),
        pytest.param(ComponentStatus("storage", "online", extra={"sinks": []}), id="another component"),
    ],
)
def test_status_that_changes_nothing(status: ComponentStatus) -> None:
    world = World()
    world.record(AWAY)
    world.reports.record(SITE, status)
    assert (world.get(), len(world.enqueued)) == (((AWAY,), 0.0), 1)


@pytest.mark.parametrize("sinks", [{}, [7], [{"name": "cloud"}], [UP.to_object(), UP.to_object()]])
def test_malformed_report_changes_nothing(sinks: Any) -> None:
    world = World()
    with pytest.raises(MalformedError):
        world.reports.record(SITE, ComponentStatus("processor", "online", extra={"sinks": sinks}))
    assert (world.get(), world.enqueued) == (NOTHING, [])


def test_first_change_is_shown_at_once_and_the_next_after_a_while() -> None:
    world = World()
    world.record(UP)
    world.record(AWAY)
    assert world.get() == ((AWAY,), 0.0)
    world.at += 4
    world.record(UP)
    assert world.get() == ((AWAY,), HOLD_SECONDS - 4)
    world.at += HOLD_SECONDS - 4
    assert world.get() == ((UP,), 0.0)
    world.at += 3 * HOLD_SECONDS
    world.record(AWAY)
    assert world.get() == ((AWAY,), 0.0)


def test_connection_that_flaps_is_held_longer_and_longer_until_it_has_not_changed_for_a_while() -> None:
    world, sinks = World(), [UP, AWAY]
    world.record(UP)
    world.get()
    changes: list[tuple[int, SinkReport]] = []
    for second in range(400):
        world.record(sinks[second % 2])
        before = changes[-1][1] if changes else UP
        (shown,) = world.get()[0] or ()
        if shown != before:
            changes.append((second, shown))
        world.at += 1
    pauses = [after[0] - before[0] for before, after in pairwise(changes)]
    assert pauses[:4] == pytest.approx([HOLD_SECONDS, 2 * HOLD_SECONDS, 4 * HOLD_SECONDS, MAX_HOLD_SECONDS], abs=1)
    assert pauses[4:] == pytest.approx([MAX_HOLD_SECONDS] * len(pauses[4:]), abs=1)
    world.at += 3 * MAX_HOLD_SECONDS
    held = []
    for each in (UP, AWAY, UP):
        world.record(each)
        held.append(world.get()[1])
    assert max(held) == HOLD_SECONDS


def test_change_that_is_over_before_it_is_shown_is_none() -> None:
    world = World()
    for each in (UP, AWAY):
        world.record(each)
        world.get()
    for each in (UP, AWAY):
        world.record(each)
    assert world.get() == ((AWAY,), 0.0)


def test_connection_stays_while_a_new_processor_connects() -> None:
    """Each failover and each roll-out would otherwise be an outage in the status, with an Event."""
    world, undecided = World(), SinkReport("cloud", connected=False, pending=9)
    world.record(undecided)
    assert world.get() == ((), UNDECIDED_SECONDS), "nothing is known yet"
    world.record(UP)
    world.record(undecided, instance="b")
    assert world.get() == ((replace(UP, pending=9),), UNDECIDED_SECONDS)
    world.record(AWAY, instance="b")
    assert world.get() == ((AWAY,), 0.0)
    world.record(undecided, instance="c")
    assert world.get() == ((replace(AWAY, pending=9),), UNDECIDED_SECONDS)


def test_processor_that_ends_no_attempt_keeps_the_connection_for_a_while_only() -> None:
    world, undecided = World(), SinkReport("cloud", connected=False, pending=9)
    world.record(UP)
    world.record(undecided, instance="b")
    world.at += UNDECIDED_SECONDS - 1
    world.record(undecided, instance="c")
    assert world.get() == ((replace(UP, pending=9),), 1.0)
    world.at += 1
    assert world.get() == ((undecided,), 0.0)
    assert world.metric("connected", "cloud") == 0.0


def test_sink_that_flaps_holds_back_no_other() -> None:
    world, kafka_away = World(), replace(KAFKA, connected=False, last_error="no broker")
    for each in (UP, AWAY, UP):
        world.record(each, KAFKA)
        world.get()
    assert world.get() == ((AWAY, KAFKA), HOLD_SECONDS)
    world.record(UP, kafka_away)
    assert world.get() == ((AWAY, kafka_away), HOLD_SECONDS)


def test_connection_that_is_lost_before_the_error_is_known_is_lost() -> None:
    world, lost = World(), SinkReport("cloud", connected=False)
    world.record(UP)
    world.record(lost)
    assert world.get() == ((lost,), 0.0)


def test_metrics_are_those_of_the_last_report_and_end_with_the_site() -> None:
    world = World()
    world.record(AWAY, KAFKA)
    assert [world.metric("connected", name) for name in ("cloud", "kafka")] == [0.0, 1.0]
    assert [world.metric("pending", name) for name in ("cloud", "kafka")] == [7.0, 3.0]
    world.record(UP)
    assert [world.metric("connected", name) for name in ("cloud", "kafka")] == [1.0, None]
    assert [world.metric("pending", name) for name in ("cloud", "kafka")] == [0.0, None]
    world.reports.remove(SITE)
    assert (world.metric("connected", "cloud"), world.get()) == (None, NOTHING)
    world.record(UP)
    world.reports.clear()
    assert (world.metric("connected", "cloud"), world.get()) == (None, NOTHING)
