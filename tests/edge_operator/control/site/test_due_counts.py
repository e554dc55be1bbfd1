"""When the device counts of a site are written, as a story with a fake clock."""

from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.site.due_counts import DueCounts
from edge_operator.status.device_counts import DeviceCounts
from tests.edge_operator.control.samples import SITE, site

PERIOD = 30.0
OLD, NEW = DeviceCounts(total=10, online=1), DeviceCounts(total=10, online=9)
NOTHING = (None, None)


class World:
    """One site, of which `counts` are counted."""

    def __init__(self, counts: DeviceCounts | None) -> None:
        self.at, self.counts = 1000.0, counts
        self.due = DueCounts(lambda _: self.counts, lambda: self.at, PERIOD)

    def take(self, written: DeviceCounts | None) -> tuple[DeviceCounts | None, float | None]:
        status = {} if written is None else {"devices": written.to_status()}
        return self.due.next_counts(CachedSite({**site().body, "status": status}))


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
