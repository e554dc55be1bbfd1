"""Messages about the broker itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.messages import MalformedError, parse_boot, parse_dropped, parse_uptime


@pytest.mark.parametrize(
    ("payload", "seconds"), [(b"0 seconds", 0), (b"42 seconds", 42), (b"999999999999 seconds", 1e12 - 1)]
)
def test_read(payload: bytes, seconds: float) -> None:
    assert parse_uptime(payload) == seconds


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"42",
        b"seconds",
        b"42 hours",
        b"-1 seconds",
        b"4.5 seconds",
        b"42  seconds",
        b"1" * 13 + b" seconds",
        b"\xb2 seconds",
    ],
)
def test_refused(payload: bytes) -> None:
    with pytest.raises(MalformedError, match="such as `42 seconds`"):
        parse_uptime(payload)


@given(st.binary(max_size=40))
def test_nothing_else_is_raised(payload: bytes) -> None:
    try:
        assert parse_uptime(payload) >= 0
    except MalformedError as error:
        assert error.reason == "field"  # noqa: PT017 - most payloads are refused, some are not


@given(st.binary(max_size=40))
def test_boot_is_any_text(payload: bytes) -> None:
    try:
        assert parse_boot(payload).encode() == payload
    except MalformedError as error:
        assert error.reason == "utf8"  # noqa: PT017 - some payloads are no text


@pytest.mark.parametrize(("payload", "count"), [(b"0", 0), (b"42", 42), (b"999999999999", 10**12 - 1)])
def test_dropped(payload: bytes, count: int) -> None:
    assert parse_dropped(payload) == count


@pytest.mark.parametrize("payload", [b"", b"-1", b"4.5", b"1e3", b" 4", b"1" * 13, b"\xb2", b"4 messages"])
def test_dropped_refused(payload: bytes) -> None:
    with pytest.raises(MalformedError, match="whole number"):
        parse_dropped(payload)
