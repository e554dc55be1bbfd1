"""Parameters of queries by time."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.store.reading_query import MAX_BUCKETS, Aggregate, Buckets, QueryError, ReadingQuery, TooManyBucketsError

NOW = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
NOON = 1_769_860_800_000
HOUR = 3_600_000
TIME = "2026-01-31T11:00:00Z"

texts = (
    st.none() | st.text(max_size=40) | st.sampled_from([TIME, "1m", "asc", "desc", "avg", "2026-01-31T13:00:00+02:00"])
)


@pytest.mark.parametrize(
    ("given_", "query"),
    [
        pytest.param({}, ReadingQuery(is_newest_first=True), id="nothing"),
        pytest.param({"begin": TIME}, ReadingQuery(NOON - HOUR), id="from: oldest first"),
        pytest.param({"end": "2026-01-31T13:00:00+02:00"}, ReadingQuery(end=NOON - HOUR), id="to, with an offset"),
        pytest.param({"begin": TIME, "order": "desc"}, ReadingQuery(NOON - HOUR, is_newest_first=True), id="desc"),
        pytest.param({"order": "asc"}, ReadingQuery(), id="asc"),
        pytest.param({"sensor_type": "t"}, ReadingQuery(None, None, "t", is_newest_first=True), id="type"),
        pytest.param(
            {"begin": TIME, "every": "1m"}, ReadingQuery(NOON - HOUR, NOON + 1, buckets=Buckets(60_000)), id="until now"
        ),
        pytest.param(
            {"begin": TIME, "end": "2026-01-31T11:01:00Z", "every": "1.5s", "agg": "last"},
            ReadingQuery(NOON - HOUR, NOON - HOUR + 60_000, buckets=Buckets(1500, Aggregate.LAST)),
            id="every and agg",
        ),
    ],
)
def test_queries(given_: dict[str, str], query: ReadingQuery) -> None:
    assert ReadingQuery.parse(**given_, now=NOW) == query


@pytest.mark.parametrize(
    ("given_", "parameter", "told"),
    [
        ({"begin": "noon"}, "from", "from must be a time as RFC 3339, such as 2026"),
        ({"end": "1769860800"}, "to", "to must be a time as RFC 3339"),
        ({"begin": TIME, "end": TIME}, "from", "from must be before to"),
        ({"order": "up"}, "order", "asc or desc"),
        ({"sensor_type": ""}, "type", "1 to 256 characters"),
        ({"agg": "avg"}, "agg", "agg needs every"),
        ({"every": "1m"}, "from", "every needs from"),
        ({"begin": TIME, "every": "1 minute"}, "every", "every must be a duration such as"),
        ({"begin": TIME, "every": "999ms"}, "every", "from 1s to 8784h"),
        ({"begin": TIME, "every": "8785h"}, "every", "from 1s to 8784h"),
        ({"begin": TIME, "every": "1.0001s"}, "every", "whole number of milliseconds"),
        ({"begin": TIME, "every": "1m", "agg": "sum"}, "agg", "avg, min, max or last"),
        ({"begin": TIME, "every": "1m", "order": "asc"}, "order", "ascending order"),
        ({"begin": "2020-01-31T11:00:00Z", "every": "1m"}, "every", "use a longer every or a shorter range"),
    ],
)
def test_wrong_parameters(given_: dict[str, str], parameter: str, told: str) -> None:
    with pytest.raises(QueryError, match=told) as raised:
        ReadingQuery.parse(**given_, now=NOW)
    assert raised.value.parameter == parameter


@given(st.lists(texts, min_size=6, max_size=6))
def test_any_text_is_a_query_or_wrong(given_: list[str | None]) -> None:
    try:
        query = ReadingQuery.parse(*given_, now=NOW)
    except QueryError as error:
        wrong = error.parameter
    else:
        wrong = ""
        names = {"from": "begin", "to": "end", "type": "sensor_type"}
        parameters = {names.get(name, name): value for name, value in query.to_parameters().items()}
        assert ReadingQuery.parse(**parameters, now=NOW) == query
    assert wrong in {"", "from", "to", "type", "order", "every", "agg"}


def test_the_number_of_buckets() -> None:
    buckets = Buckets(1000)
    buckets.check_count(0, MAX_BUCKETS * 1000)
    for begin, end in ((0, MAX_BUCKETS * 1000 + 1), (-1, MAX_BUCKETS * 1000)):
        with pytest.raises(TooManyBucketsError):
            buckets.check_count(begin, end)
