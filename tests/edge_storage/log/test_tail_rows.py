"""The bodies of rows: every batch of lines comes back, and damage has a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_storage.database.errors import CorruptDatabaseError
from edge_storage.log.tail_rows import MIN_PACKED_BYTES, packed, unpacked


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=50))
def test_lines_come_back(values: list[bytes]) -> None:
    body = b"\n".join(b'{"value":"%b"}' % value.hex().encode() for value in values)
    assert unpacked(packed(body), len(values)) == body


def test_lines_that_repeat_take_less_and_a_small_body_stays_as_it_is() -> None:
    line = b'{"device_id":"d1","value":1}\n'
    assert packed(line) == line
    body = line * 100
    assert len(packed(body)) < len(body) / 10
    assert packed(line * 50 + b"x")[:1] != b"{"
    assert len(line) < MIN_PACKED_BYTES


@given(st.binary(max_size=300).filter(lambda content: not content.startswith(b"{")))
def test_damage_is_named(content: bytes) -> None:
    with pytest.raises(CorruptDatabaseError, match="a row of the tail is damaged"):
        unpacked(content, 1)


def test_a_row_that_was_cut_is_named() -> None:
    with pytest.raises(CorruptDatabaseError):
        unpacked(packed(b"\n".join([b'{"value":1}'] * 200))[:-3], 200)


@pytest.mark.parametrize("lines", [1, 200])
@pytest.mark.parametrize("change", [-1, 1])
def test_a_row_with_another_number_of_lines_is_named(lines: int, change: int) -> None:
    with pytest.raises(CorruptDatabaseError, match=f"{lines} lines instead of {lines + change}"):
        unpacked(packed(b"\n".join([b'{"value":1}'] * lines)), lines + change)


@pytest.mark.parametrize("at", range(1, 11))
def test_a_high_bit_in_a_small_row_is_named(at: int) -> None:
    body = bytearray(b'{"value":1}')
    body[at] |= 0x80
    with pytest.raises(CorruptDatabaseError, match="a row of the tail is damaged"):
        unpacked(bytes(body), 1)
