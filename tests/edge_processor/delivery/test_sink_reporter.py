"""What the processor reports of its sinks, and when."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry

from edge_processor.delivery.ledger import Ledger
from edge_processor.delivery.sink_reporter import FIGURES_SECONDS, OLDEST_SECONDS, UNDER_WAY_SECONDS, SinkState, is_due
from edge_processor.metrics import ProcessorMetrics, SinkMetrics
from edge_service.store import StoreClient
from edge_wire.messages.sinks import MAX_ERROR_CHARACTERS, SinkReport
from edge_wire.store import Cursor, LogPage
from tests.edge_processor.delivery.sending import entries

REPORT = SinkReport("cloud", connected=True)
CUT = SinkReport("cloud", connected=False, pending=1000, last_error="timeout")
OTHER = SinkReport("kafka", connected=True)


@pytest.mark.parametrize(
    ("before", "changes", "seconds", "due"),
    [
        (REPORT, {}, 3600.0, False),
        (REPORT, {"connected": False}, 0.0, True),
        (CUT, {"connected": True}, 0.0, True),
        (CUT, {"pending": 1100}, 3600.0, False),
        (CUT, {"pending": 1101}, FIGURES_SECONDS, True),
        (CUT, {"pending": 1101}, FIGURES_SECONDS - 1, False),
        (CUT, {"pending": 0}, FIGURES_SECONDS, True),
        (REPORT, {"pending": 1}, FIGURES_SECONDS, True),
        (REPORT, {"dead_letters": 1}, FIGURES_SECONDS, True),
        (REPORT, {"dead_letters": 1}, FIGURES_SECONDS - 1, False),
        (CUT, {"last_error": "refused"}, FIGURES_SECONDS, True),
        (CUT, {"last_error": "refused"}, FIGURES_SECONDS - 1, False),
        (CUT, {"oldest_pending_time": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, 3600.0, False),
    ],
)
def test_when_it_is_due(before: SinkReport, changes: dict[str, Any], seconds: float, *, due: bool) -> None:
    assert is_due([OTHER, before], [OTHER, replace(before, **changes)], seconds) is due


def test_an_error_with_surrogates_does_not_prevent_the_report() -> None:
    report = SinkState(Sink(last_error="n\udcf6tig")).report(0.0)
    assert report.last_error == "n?tig"
    assert orjson.dumps(report.to_object())


def test_the_first_is_due() -> None:
    assert is_due(None, [], 0.0)
    assert not is_due([], [], 3600.0)


@dataclass
class Sink:
    """A sink in the test."""

    ledger: Ledger | None = field(default_factory=Ledger)
    is_connected: bool = False
    last_error: str = "x" * 1000
    oldest_alert: dt.datetime | None = None
    alerts: int = 0
    name: str = "cloud"

    @property
    def metrics(self) -> SinkMetrics:
        return ProcessorMetrics(CollectorRegistry()).sink(self.name)

    @property
    def pending(self) -> int:
        return self.alerts if self.ledger is None else self.ledger.pending_readings


class Log(StoreClient):
    """The store's log, with all offsets.

    Attributes:
        asked: offsets after which it was asked for readings.
    """

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self.asked: list[int] = []

    async def log(self, after: int, limit: int, max_bytes: int) -> LogPage:
        assert (limit, max_bytes) == (1, 1)
        self.asked.append(after)
        return LogPage(tuple(line for _, line in entries(after + 1, after + 1)), 100)


def sink_with(delivered: Cursor, settled: int) -> Sink:
    sink = Sink()
    assert sink.ledger is not None
    sink.ledger.begin(delivered, settled)
    sink.ledger.settle(settled)
    return sink


def pendings(sink: Sink, times: Sequence[float]) -> list[int]:
    state = SinkState(sink)
    return [state.report(at).pending for at in times]


def test_what_has_just_been_stored_is_not_pending() -> None:
    assert pendings(sink_with(Cursor(10), 20), [100, 100 + UNDER_WAY_SECONDS - 0.1]) == [0, 0]
    assert pendings(sink_with(Cursor(10), 20), [100, 100 + UNDER_WAY_SECONDS]) == [0, 10]


def test_live_readings_under_way_are_never_pending() -> None:
    sink = sink_with(Cursor(10), 20)
    state = SinkState(sink)
    assert sink.ledger is not None
    for second in range(60):
        assert state.report(float(second)).pending == 0
        sink.ledger.confirm(entries(sink.ledger.delivered.done + 1, sink.ledger.settled))
        sink.ledger.settle(sink.ledger.settled + 1000)


def test_all_are_pending_if_an_old_one_is() -> None:
    sink = sink_with(Cursor(10, ((12, 20),)), 20)
    state = SinkState(sink)
    state.report(0.0)
    assert sink.ledger is not None
    sink.ledger.settle(30)
    assert state.report(UNDER_WAY_SECONDS).pending == 11


def test_a_sink_of_alerts_reports_alerts() -> None:
    at = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
    report = SinkState(Sink(ledger=None, alerts=3, oldest_alert=at)).report(0.0)
    assert (report.pending, report.oldest_pending_time) == (3, at)


def test_an_error_is_cut() -> None:
    assert SinkState(Sink()).report(0.0).last_error == "x" * MAX_ERROR_CHARACTERS


async def test_the_oldest_is_asked_for_only_while_some_are_pending_and_not_often() -> None:
    sink, log = sink_with(Cursor(10), 10), Log()
    state = SinkState(sink)
    for second in range(20):
        await state.ask(log, float(second))
    assert log.asked == []
    assert sink.ledger is not None
    sink.ledger.settle(20)
    for second in range(20, 46):
        await state.ask(log, float(second))
    assert log.asked == [10] * 3, OLDEST_SECONDS
    assert state.report(46.0).oldest_pending_time == dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
    sink.ledger.confirm(entries(11, 20))
    await state.ask(log, 47.0)
    assert state.report(47.0).oldest_pending_time is None
