"""The account of a sink, against a store whose log has holes and which others fill too."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_processor.delivery.ledger import Entry, Ledger, runs
from edge_wire.store import Cursor, LogPage


def entry(offset: int) -> Entry:
    return offset, b'{"device_id":"d","offset":%d,"received_at":"2026-11-25T12:00:00.000Z"}' % offset


def entries(*offsets: int) -> list[Entry]:
    return [entry(offset) for offset in offsets]


@dataclass
class Log:
    """The store's log.

    Attributes:
        offsets: that have a reading.
        newest: the newest offset.
    """

    offsets: list[int] = field(default_factory=list)
    newest: int = 0

    def store(self, count: int, holes: int) -> list[int]:
        first = self.newest + 1 + holes
        stored = list(range(first, first + count))
        self.offsets += stored
        self.newest = stored[-1] if stored else self.newest + holes
        return stored

    def read(self, after: int, limit: int) -> LogPage:
        found = [offset for offset in self.offsets if offset > after][:limit]
        return LogPage(tuple(line for _, line in entries(*found)), self.newest)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["live", "elsewhere", "poll", "read", "deliver", "release"]),
        st.integers(0, 5),
        st.integers(0, 2),
    )
)


@given(STEPS, st.integers(0, 12))
@settings(max_examples=300)
def test_everything_is_taken_exactly_once_and_the_cursor_has_only_what_was_delivered(
    steps: list[tuple[str, int, int]], begin: int
) -> None:
    log, ledger, queue, delivered = Log(), Ledger(), list[Entry](), list[int]()
    log.store(begin, 0)
    ledger.begin(Cursor(begin), begin)

    def read(most: int) -> bool:
        gap = ledger.gap(most)
        if gap is not None:
            queue.extend(ledger.take_page(gap[0], log.read(gap[0] - 1, gap[1] - gap[0] + 1)))
        return gap is not None

    def deliver(count: int) -> None:
        batch, queue[:] = sorted(queue[:count]), queue[count:]
        delivered.extend(offset for offset, _ in batch)
        ledger.confirm(batch)

    def release(count: int) -> None:
        """Let those that were queued last wait in the store, as if there were no connection."""
        kept = max(0, len(queue) - count)
        released, queue[kept:] = sorted(queue[kept:]), []
        ledger.release(released)

    def live(count: int, holes: int) -> None:
        if stored := log.store(count, holes):
            queue.extend(ledger.take_live(entries(*stored)))
            ledger.settle(stored[-1])

    play: dict[str, Callable[[int, int], object]] = {
        "live": live,
        "elsewhere": log.store,
        "poll": lambda *_: ledger.settle(log.newest),
        "read": lambda count, _: read(count + 1),
        "release": lambda count, _: release(count),
        "deliver": lambda count, _: deliver(count),
    }
    for step, count, holes in steps:
        play[step](count, holes)
        owed = set(log.offsets[begin:]) - set(delivered)
        assert not any(ledger.delivered.has(offset) for offset in owed)

    ledger.settle(log.newest)
    while read(100):
        pass
    deliver(len(queue))
    assert sorted(delivered) == log.offsets[begin:]
    assert ledger.delivered == Cursor(log.newest)
    assert ledger.pending_readings == 0


def test_what_is_released_is_the_oldest_gap() -> None:
    ledger = Ledger()
    ledger.begin(Cursor(2), 2)
    ledger.take_live(entries(3, 4, 5, 6, 7))
    ledger.settle(7)
    assert ledger.gap(10) is None

    ledger.release(entries(5, 6, 7))

    assert ledger.gap(10) == (5, 7)
    assert ledger.take_page(5, LogPage(tuple(line for _, line in entries(5, 6, 7)), 7)) == entries(5, 6, 7)
    assert ledger.gap(10) is None


def test_what_is_released_may_lie_between_others() -> None:
    ledger = Ledger()
    ledger.begin(Cursor(0), 0)
    ledger.take_live(entries(*range(1, 10)))
    ledger.settle(9)

    ledger.release(entries(2, 3, 6))

    assert [offset for offset in range(1, 10) if not ledger.taken.has(offset)] == [2, 3, 6]


def test_before_the_cursor_is_known_live_readings_are_taken_and_no_gap_is_read() -> None:
    ledger = Ledger()
    assert ledger.take_live(entries(8, 9)) == entries(8, 9)
    ledger.settle(9)
    assert ledger.gap(10) is None

    ledger.begin(Cursor(5), 9)

    assert ledger.gap(10) == (6, 7)
    assert ledger.delivered == Cursor(5)


def test_without_a_cursor_it_begins_at_the_newest_reading_but_owes_the_live_ones() -> None:
    ledger = Ledger()
    ledger.take_live(entries(8, 9))

    ledger.begin(None, 9)

    assert ledger.delivered == Cursor(7)


def test_what_is_not_settled_may_still_come_live() -> None:
    ledger = Ledger()
    ledger.begin(Cursor(0), 0)
    ledger.settle(2)

    assert ledger.take_page(1, LogPage(tuple(line for _, line in entries(1, 2, 3)), 3)) == entries(1, 2)
    assert ledger.take_live(entries(3)) == entries(3)


def test_gaps_near_each_other_are_read_at_once() -> None:
    ledger = Ledger()
    ledger.begin(Cursor(1, ((3, 4), (6, 500))), 600)
    ledger.settle(600)

    assert ledger.gap(100) == (2, 5)
    assert ledger.gap(2) == (2, 3)


def test_runs() -> None:
    assert list(runs([])) == []
    assert list(runs(entries(3, 4, 5))) == [(3, 5)]
    assert list(runs(entries(1, 3, 4, 9))) == [(1, 1), (3, 4), (9, 9)]
