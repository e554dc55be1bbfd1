"""What answers of HTTP destinations mean, however malformed they are."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_processor.sinks.http_answers import (
    MAX_REASON_CHARACTERS,
    MAX_RETRY_AFTER_SECONDS,
    REJECTING,
    delivery_error,
    is_taken,
    rejection,
    retry_after_seconds,
)
from edge_processor.sinks.http_session import HttpReply

NOW = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)


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
    assert retry_after_seconds(value, NOW) == seconds


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
    error = delivery_error(
        "https://far.example.com", HttpReply(status, {"Retry-After": "9"}, b"", is_request_sent=True), NOW
    )
    assert message in str(error)
    assert error.retry_after_seconds is None, "only 429 and 503 delay"


@pytest.mark.parametrize("status", [429, 503])
def test_a_destination_that_is_overloaded_names_the_time(status: int) -> None:
    reply = HttpReply(status, {"Retry-After": "9"}, b"", is_request_sent=True)
    assert delivery_error("https://far.example.com", reply, NOW).retry_after_seconds == 9.0


@settings(max_examples=10_000)
@given(
    st.integers(100, 999),
    st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} -?\d{1,9} \d\d:\d\d(:\d\d)? \S*"),
    st.binary(),
)
def test_no_answer_is_an_error_of_ours(status: int, retry_after: str, content: bytes) -> None:
    reply = HttpReply(status, {"Retry-After": retry_after}, content, is_request_sent=True)
    assert is_taken(status) == (status // 100 == 2)
    error = delivery_error("https://far.example.com", reply, NOW)
    assert error.retry_after_seconds is None or 0 <= error.retry_after_seconds <= MAX_RETRY_AFTER_SECONDS
    text = rejection(reply)
    assert len(text) <= MAX_REASON_CHARACTERS + 5
    assert text.isprintable()
    assert not any(is_taken(each) for each in REJECTING)
