"""Which resolved alerts are posted again."""

import datetime as dt

from edge_processor.sinks.alerts.series import MAX_RESOLVED_ALERTS, RESOLVED_FOR, Resolved, parsed
from edge_wire.messages.alert import Alert
from tests.edge_processor.sinks.alerts.documents import alert

NOW = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)


def made(device_id: str, state: str = "cleared", number: int = 1) -> Alert:
    return parsed(alert(device_id, state, number).alert)


def repeated(resolved: Resolved, *firing: Alert, after: dt.timedelta = dt.timedelta()) -> list[str]:
    return [each.device_id for each in resolved.to_repeat(firing, NOW + after)]


def test_a_resolved_alert_is_posted_again_for_a_while() -> None:
    resolved = Resolved()
    resolved.sent([made("d1", "firing"), made("d1"), made("d2", "firing")], NOW)
    assert repeated(resolved) == ["d1"]
    assert repeated(resolved, after=RESOLVED_FOR) == []
    assert repeated(resolved) == [], "it is forgotten"


def test_one_that_fires_again_is_not() -> None:
    resolved = Resolved()
    resolved.sent([made("d1"), made("d1", "firing", 2)], NOW)
    assert repeated(resolved) == []


def test_one_that_the_store_has_as_firing_again_is_not_even_before_that_is_sent() -> None:
    resolved = Resolved()
    resolved.sent([made("d1"), made("d2")], NOW)
    assert repeated(resolved, made("d1", "firing", 2)) == ["d2"]


def test_their_number_is_bounded_and_the_newest_remain() -> None:
    resolved = Resolved()
    resolved.sent([made(f"d{number}") for number in range(MAX_RESOLVED_ALERTS + 5)], NOW)
    assert len(repeated(resolved)) == MAX_RESOLVED_ALERTS
    assert repeated(resolved)[-1] == f"d{MAX_RESOLVED_ALERTS + 4}"
