"""Figures of dropped messages are read from the text in which a former leader wrote them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.status.dropped_messages import DroppedMessages

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - the zone is added below
    lambda when: when.replace(microsecond=0, tzinfo=UTC)
)


@given(st.integers(min_value=1, max_value=10**15 - 1), TIMES, TIMES)
def test_what_is_written_is_read(messages: int, first: datetime, last: datetime) -> None:
    dropped = DroppedMessages(messages, first, last)
    assert DroppedMessages.parse(f"{dropped.text()}: a client's queue was full") == dropped


def test_text() -> None:
    east = timezone(timedelta(hours=2))
    dropped = DroppedMessages(1, NOON, NOON.astimezone(east))
    assert dropped.text() == (
        "the broker dropped 1 message, the first at 2026-11-30T12:00:00Z, the last at 2026-11-30T12:00:00Z"
    )
    assert dropped.plus(2, NOON + timedelta(seconds=9)).text() == (
        "the broker dropped 3 messages, the first at 2026-11-30T12:00:00Z, the last at 2026-11-30T12:00:09Z"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the broker dropped messages within the last minutes: why",
        "the broker dropped 3 messages, the first at 2026-13-30T12:00:00Z, the last at 2026-11-30T12:00:00Z",
        "the broker dropped 3 messages, the first at 2026-11-30T12:00:00Z, the last at yesterday-at-noon-ab",
    ],
)
def test_other_text_has_no_figures(text: str) -> None:
    assert DroppedMessages.parse(text) is None


@given(st.text(max_size=200))
def test_no_text_makes_it_fail(text: str) -> None:
    DroppedMessages.parse(text)
