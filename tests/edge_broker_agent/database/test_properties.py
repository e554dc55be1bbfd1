"""The properties of stored messages: those of a PUBLISH, as Mosquitto accepts them when it starts."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_broker_agent.database.damage import DamagedError
from edge_broker_agent.database.properties import refuse_invalid

VALID = {
    "none": b"\x00",
    "format": b"\x02\x01\x01",
    "expiry": b"\x05\x02\x00\x00\x00\x3c",
    "content type": b"\x07\x03\x00\x04json",
    "response topic": b"\x06\x08\x00\x03r/t",
    "correlation data": b"\x05\x09\x00\x02\x00\xff",
    "subscription": b"\x03\x0b\xac\x02",
    "alias": b"\x03\x23\x00\x01",
    "user, twice": b"\x0e" + b"\x26\x00\x01a\x00\x01b" * 2,
    "empty text": b"\x03\x03\x00\x00",
}
INVALID = {
    "nothing": b"",
    "length that does not end": b"\x80",
    "length that is too long": b"\x80\x00",
    "too short": b"\x03\x01\x01",
    "too long": b"\x02\x01\x01\x01",
    "of a CONNECT": b"\x05\x11\x00\x00\x00\x01",
    "unknown": b"\x02\x7f\x00",
    "twice": b"\x04\x01\x01\x01\x01",
    "format 2": b"\x02\x01\x02",
    "alias 0": b"\x03\x23\x00\x00",
    "cut off number": b"\x03\x02\x00\x00",
    "cut off text": b"\x05\x03\x00\x04js",
    "text with a NUL": b"\x05\x03\x00\x02a\x00",
    "text with a control character": b"\x04\x03\x00\x01\x1f",
    "text that is not UTF-8": b"\x04\x03\x00\x01\xff",
    "non-character": b"\x06\x03\x00\x03\xef\xbf\xbf",
    "wildcard": b"\x04\x08\x00\x01#",
    "empty response topic": b"\x03\x08\x00\x00",
    "long form of a small number": b"\x03\x0b\x80\x00",
}


@pytest.mark.parametrize("encoded", VALID.values(), ids=VALID)
def test_valid(encoded: bytes) -> None:
    refuse_invalid(encoded)


@pytest.mark.parametrize("encoded", INVALID.values(), ids=INVALID)
def test_invalid(encoded: bytes) -> None:
    with pytest.raises(DamagedError):
        refuse_invalid(encoded)


@given(st.binary(max_size=60))
def test_nothing_else_is_raised(encoded: bytes) -> None:
    with suppress(DamagedError):
        refuse_invalid(encoded)
