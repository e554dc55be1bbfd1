"""What answers of HTTP destinations mean, however malformed they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_processor.sinks.http.answers import (
    MAX_REASON_CHARACTERS,
    MAX_RETRY_AFTER_SECONDS,
    REJECTING,
    Answer,
    delivery_error,
    is_taken,
    retry_after_seconds,
    said,
)

DATE = "Mon, 30 Nov 2026 12:00:00 GMT"


def answered(status: int, retry_after: str, body: bytes = b"") -> Answer:
    return Answer(status, "Said", {"Retry-After": retry_after, "Date": DATE}, body)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("120", 120.0, id="seconds"),
        pytest.param(" 0 ", 0.0, id="at once"),
        pytest.param("Mon, 30 Nov 2026 12:00:30 GMT", 30.0, id="a date"),
        pytest.param("Mon, 30 Nov 2026 11:00:00 GMT", 0.0, id="a date that has passed"),
        pytest.param("9" * 400, MAX_RETRY_AFTER_SECONDS, id="too long"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 GMT", MAX_RETRY_AFTER_SECONDS, id="a date too far away"),
        pytest.param("-5", None, id="negative"),
        pytest.param("soon", None, id="a word"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_when_to_try_again(value: str, seconds: float | None) -> None:
    assert retry_after_seconds(answered(503, value)) == seconds


@pytest.mark.parametrize(
    ("status", "message"),
    [
        pytest.param(401, "check the Secret", id="unauthorised"),
        pytest.param(404, "check the path", id="not found"),
        pytest.param(301, "a redirect, which is not followed", id="redirect"),
        pytest.param(500, "answers 500", id="server error"),
    ],
)
def test_an_error_names_the_next_step(status: int, message: str) -> None:
    error = delivery_error("https://far.example.com", answered(status, "9", b""))
    assert message in str(error)
    assert error.retry_after_seconds is None, "only 429 and 503 delay"


@pytest.mark.parametrize("status", [429, 503])
def test_a_destination_that_is_overloaded_names_the_time(status: int) -> None:
    answer = answered(status, "9", b"")
    assert delivery_error("https://far.example.com", answer).retry_after_seconds == 9.0


@settings(max_examples=10_000)
@given(
    st.integers(100, 999),
    st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} -?\d{1,9} \d\d:\d\d(:\d\d)? \S*"),
    st.binary(),
)
def test_no_answer_is_an_error_of_ours(status: int, retry_after: str, content: bytes) -> None:
    answer = answered(status, retry_after, content)
    assert is_taken(status) == (status // 100 == 2)
    error = delivery_error("https://far.example.com", answer)
    assert error.retry_after_seconds is None or 0 <= error.retry_after_seconds <= MAX_RETRY_AFTER_SECONDS
    text = said(answer)
    assert len(text) <= MAX_REASON_CHARACTERS + len("999 Said ()")
    assert text.isprintable()
    assert not any(is_taken(each) for each in REJECTING)
