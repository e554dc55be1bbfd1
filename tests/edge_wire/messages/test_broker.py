"""Messages about the broker itself."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.messages import BrokerBoot, DataLost, MalformedError, parse_boot, parse_dropped, parse_uptime


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


SINCE, FOUND = datetime(2026, 11, 30, 8, tzinfo=UTC), datetime(2026, 11, 30, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "boot",
    [
        BrokerBoot("b1"),
        BrokerBoot("b1", DataLost("cut off", FOUND)),
        BrokerBoot("b1", DataLost("cut off", FOUND, SINCE, "mosquitto.db.corrupt-1")),
    ],
)
def test_boot_is_read_as_it_was_written(boot: BrokerBoot) -> None:
    assert BrokerBoot.parse(boot.encode()) == boot
    assert parse_boot(boot.encode()) == "b1", "what was lost is no part of the id"


@pytest.mark.parametrize(
    ("data_lost", "read"),
    [
        ("null", None),
        ("[]", None),
        ('"yesterday"', None),
        ("{}", None),
        ('{"found": "yesterday"}', None),
        ('{"found": "2026-11-30T09:00:00Z", "reason": 5, "since": []}', DataLost("5", FOUND)),
        ('{"found": "2026-11-30T09:00:00Z", "more": 1}', DataLost("", FOUND)),
        ('{"found": "2026-11-30T09:00:00Z", "reason": "' + "x" * 400 + '"}', DataLost("x" * 300, FOUND)),
    ],
)
def test_lost_data_of_another_format_does_not_hide_the_boot_id(data_lost: str, read: DataLost | None) -> None:
    assert BrokerBoot.parse(f'{{"boot": "b1", "data_lost": {data_lost}}}'.encode()) == BrokerBoot("b1", read)


@pytest.mark.parametrize("payload", [b"boot-1", b"[1]", b'{"id": "b1"}', b'{"boot": 1}', b"{", b"[" * 5000])
def test_boot_of_another_format_is_the_id_itself(payload: bytes) -> None:
    assert BrokerBoot.parse(payload) == BrokerBoot(payload.decode())


@pytest.mark.parametrize(("payload", "count"), [(b"0", 0), (b"42", 42), (b"999999999999", 10**12 - 1)])
def test_dropped(payload: bytes, count: int) -> None:
    assert parse_dropped(payload) == count


@pytest.mark.parametrize("payload", [b"", b"-1", b"4.5", b"1e3", b" 4", b"1" * 13, b"\xb2", b"4 messages"])
def test_dropped_refused(payload: bytes) -> None:
    with pytest.raises(MalformedError, match="whole number"):
        parse_dropped(payload)
