"""Writes of a site's status during an hour in which the cloud cannot be reached, with a fake clock."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.site.due_figures import DueFigures
from edge_operator.control.site_broker.sink_reports import MAX_HOLD_SECONDS
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.status.device_counts import PERIOD_SECONDS
from edge_operator.status.events import site_events
from edge_operator.status.facts import ComponentFacts, SiteFacts
from edge_operator.status.site import site_update
from edge_operator.telemetry.metrics import Metrics
from edge_wire import topic_table
from edge_wire.messages import ComponentStatus, StorageReport
from edge_wire.messages.sinks import SinkReport
from tests.edge_operator.control.samples import BEGAN, message, site

HOUR, STEP = 3600, 5
"""Seconds; there is a report in each step."""
RATE = 100
"""Readings a second that wait."""
Report = Callable[[int], SinkReport]
UP = SinkReport("cloud", connected=True)


class World:
    """A site with a cloud, its processor, and the operator's passes."""

    def __init__(self) -> None:
        self.at = 1000.0
        self.status: dict[str, Any] = {}
        self.cached = site()
        self.queue: list[ResourceKey] = []
        self.topics = SiteTopics(Metrics(), self.queue.append, lambda: self.at, lambda: BEGAN)
        self.figures = DueFigures(lambda _: None, lambda: self.at, PERIOD_SECONDS)
        self.next_at = float("inf")
        self.writes: list[float] = []
        self.events: list[str] = []

    @property
    def now(self) -> dt.datetime:
        return BEGAN + dt.timedelta(seconds=self.at)

    def receive(self, sink: SinkReport, used_bytes: int) -> None:
        extra = {
            "sinks": [sink.to_object()],
            "storage": StorageReport(used_bytes, oldest_received_at=BEGAN).to_object(),
        }
        status = ComponentStatus("processor", "online", timestamp=self.now, extra=extra)
        self.topics.on_message(site().key, message(topic_table.COMPONENT_STATUS.of("processor"), status.encode()))

    def run(self) -> None:
        """Reconcile the site if something asks for it."""
        if not self.queue and self.at < self.next_at:
            return
        self.queue.clear()
        topics = self.topics.get(self.cached)
        components = (ComponentFacts("processor", "p:1", 2, 2, rolled_out=True),)
        facts = SiteFacts(1, components=components, topics=topics, sinks=("cloud",))
        facts, after = self.figures.with_due(self.cached, facts)
        waits = [each for each in (after, topics.changes_after) if each is not None]
        self.next_at = self.at + min(waits, default=float("inf"))
        update = site_update(facts, self.status, self.now.strftime("%Y-%m-%dT%H:%M:%SZ"))
        if update is not None:
            self.events.extend(event.reason for event in site_events(self.status, update))
            self.writes.append(self.at)
            self.status = update
            self.cached = CachedSite({**site().body, "status": update})

    def connected(self) -> str:
        (found,) = (each for each in self.status["conditions"] if each["type"] == "CloudConnected")
        return str(found["status"])


def hour(report: Report) -> World:
    """Return the world after an hour of reports."""
    world = World()
    world.receive(UP, 1 << 20)
    world.run()
    world.writes.clear()
    world.events.clear()
    for second in range(0, HOUR, STEP):
        world.at += STEP
        world.receive(report(second), (1 << 20) + 60 * RATE * second)
        world.run()
    return world


def away(second: int, error: str = "no route to host") -> SinkReport:
    return SinkReport("cloud", connected=False, pending=RATE * second, oldest_pending_time=BEGAN, last_error=error)


def test_an_outage_of_an_hour_costs_few_writes_and_one_event() -> None:
    world = hour(away)
    assert world.events == ["CloudUnreachable"]
    assert 20 < len(world.writes) <= 45, f"{len(world.writes)} writes"
    shown = world.status["sinks"][0]
    assert RATE * HOUR * 0.85 < shown["pending"] <= RATE * HOUR
    assert shown["lastError"] == "no route to host"
    world.at += 1
    world.receive(UP, 1 << 20)
    world.run()
    assert world.events == ["CloudUnreachable", "Connected"], "within the second"
    assert world.status["sinks"] == [{"name": "cloud", "connected": True, "pending": 0, "deadLetters": 0}]


def is_odd(second: int) -> bool:
    return second // STEP % 2 == 1


@pytest.mark.parametrize(
    ("report", "period_seconds", "most_events"),
    [
        pytest.param(lambda second: away(second, f"timeout after {second} ms"), PERIOD_SECONDS, 1, id="another error"),
        pytest.param(lambda second: away(7 * second % 1000), PERIOD_SECONDS, 1, id="figures that jump"),
        pytest.param(
            lambda second: away(second) if is_odd(second) else UP,
            PERIOD_SECONDS,
            HOUR // MAX_HOLD_SECONDS + 4,
            id="flapping",
        ),
    ],
)
def test_no_report_costs_more_writes_than_its_period_allows(
    report: Report, period_seconds: float, most_events: int
) -> None:
    world = hour(report)
    assert len(world.writes) <= HOUR / period_seconds + 2, f"{len(world.writes)} writes"
    assert len(world.events) <= most_events


def test_the_last_state_is_shown_after_flapping() -> None:
    world = hour(lambda second: away(second) if is_odd(second) and second < HOUR - 90 else UP)
    assert world.connected() == "True"


def test_errors_that_differ_at_each_attempt_cost_no_write_of_their_own_while_figures_are_written() -> None:
    world = hour(lambda second: away(second, f"request {second} failed"))
    assert len(world.writes) <= 40, f"{len(world.writes)} writes"
