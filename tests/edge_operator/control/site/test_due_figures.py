"""When the figures of a site are written, as a story with a fake clock."""

from dataclasses import replace

import pytest

from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.site.due_figures import DueFigures
from edge_operator.status.device_counts import DeviceCounts
from edge_operator.status.facts import SiteFacts, TopicFacts
from edge_operator.status.sinks import sink_entry
from edge_wire.messages import StorageReport
from edge_wire.messages.sinks import SinkReport
from tests.edge_operator.control.samples import SITE, site

PERIOD = 30.0
OLD, NEW = DeviceCounts(total=10, online=1), DeviceCounts(total=10, online=9)
NOTHING = (None, None)
CLOUD = SinkReport("cloud", connected=False, pending=10, last_error="no route")
STORE = StorageReport(1000)
FACTS = SiteFacts(1, sinks=("cloud",), topics=TopicFacts(storage=STORE, sinks=(CLOUD,)))
WRITTEN = {"devices": OLD.to_status(), "storage": {"bytes": 1000, "dropped": 0}, "sinks": [sink_entry(CLOUD)]}


class World:
    """One site, of which `counts` are counted."""

    def __init__(self, counts: DeviceCounts | None) -> None:
        self.at, self.counts = 1000.0, counts
        self.due = DueFigures(lambda _: self.counts, lambda: self.at, PERIOD)

    def take(self, written: DeviceCounts | None) -> tuple[DeviceCounts | None, float | None]:
        status = {} if written is None else {"devices": written.to_status()}
        facts, wait = self.due.with_due(CachedSite({**site().body, "status": status}), SiteFacts(1))
        assert facts.figures_due is (facts.devices is not None)
        return facts.devices, wait

    def take_reported(self, facts: SiteFacts) -> tuple[bool, float | None]:
        due, wait = self.due.with_due(CachedSite({**site().body, "status": WRITTEN}), facts)
        return due.figures_due, wait


def test_who_does_not_lead_counts_nothing() -> None:
    assert World(None).take(OLD) == NOTHING


def test_counts_that_are_written_are_not_due() -> None:
    assert World(OLD).take(OLD) == NOTHING


def test_first_counts_are_written_at_once() -> None:
    world = World(NEW)
    assert world.take(None) == (NEW, None)
    world.counts = OLD
    assert world.take(NEW) == (None, PERIOD)
    assert world.take(None) == (OLD, None), "somebody has removed them"


def test_counts_that_another_process_has_written_may_be_new() -> None:
    world = World(NEW)
    assert world.take(OLD) == (None, PERIOD)
    world.at += PERIOD - 1
    assert world.take(OLD) == (None, 1.0)
    world.at += 1
    assert world.take(OLD) == (NEW, None)
    assert world.take(OLD) == (None, PERIOD)


def test_site_that_was_made_anew_begins_again() -> None:
    world = World(NEW)
    world.take(OLD)
    world.at += PERIOD
    world.due.remove(SITE)
    assert world.take(OLD) == (None, PERIOD)


def reporting(sink: SinkReport = CLOUD, storage: StorageReport = STORE) -> SiteFacts:
    return replace(FACTS, topics=TopicFacts(storage=storage, sinks=(sink,)))


@pytest.mark.parametrize(
    ("facts", "is_due"),
    [
        pytest.param(FACTS, False, id="as written"),
        pytest.param(replace(FACTS, topics=TopicFacts()), False, id="not reported"),
        pytest.param(reporting(replace(CLOUD, pending=11)), False, id="a tenth more wait"),
        pytest.param(reporting(replace(CLOUD, pending=12)), True, id="a fifth more wait"),
        pytest.param(reporting(replace(CLOUD, pending=8)), True, id="a fifth less"),
        pytest.param(reporting(replace(CLOUD, pending=0)), True, id="none waits"),
        pytest.param(reporting(replace(CLOUD, dead_letters=1)), True, id="the first dead letter"),
        pytest.param(reporting(replace(CLOUD, connected=True)), True, id="connected"),
        pytest.param(replace(reporting(replace(CLOUD, pending=99)), sinks=()), False, id="not in the spec"),
        pytest.param(reporting(storage=StorageReport(1100)), False, id="a tenth more bytes"),
        pytest.param(reporting(storage=StorageReport(1101)), True, id="more bytes"),
        pytest.param(reporting(storage=StorageReport(1000, 1)), True, id="a reading dropped"),
        pytest.param(reporting(storage=StorageReport(1000, capacity_bytes=1)), True, id="a capacity"),
    ],
)
def test_figures_are_due_if_they_have_changed_enough(*, facts: SiteFacts, is_due: bool) -> None:
    world = World(OLD)
    assert world.take_reported(facts) == (False, PERIOD if is_due else None)
    world.at += PERIOD
    assert world.take_reported(facts) == (is_due, None)


def test_all_figures_of_a_site_have_one_interval() -> None:
    world = World(OLD)
    more = reporting(replace(CLOUD, pending=99))
    world.take_reported(more)
    world.at += PERIOD
    assert world.take_reported(more) == (True, None)
    world.at += 1
    world.counts = NEW
    assert world.take_reported(FACTS) == (False, PERIOD - 1)


def test_error_alone_is_due_at_most_every_five_minutes() -> None:
    world, facts = World(OLD), reporting(replace(CLOUD, last_error="401, request 1"))
    due = []
    for second in range(0, 1200, 5):
        is_due, _ = world.take_reported(facts)
        due += [second] if is_due else []
        world.at += 5
    assert due == [30, 330, 630, 930]
