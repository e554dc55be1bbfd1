"""Segment files: what is written is read back, and every damage is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_storage.log.line import device_id_of, head, offset_of, received_at_of, tail, timestamp_of
from edge_storage.log.segment import MAGIC, ChunkInfo, DamagedChunkError, chunks_of, decode_chunk, encode_chunk

LINES = [b'{"n":%d}' % number for number in range(100)]


def chunk(device_id: str = "dev1", lines: list[bytes] = LINES) -> bytes:
    return encode_chunk(device_id, lines, (1, 100), (1000, 2000), (-5, 3000))


def test_a_chunk_is_read_back() -> None:
    assert decode_chunk(chunk()) == LINES


def test_a_file_describes_its_chunks() -> None:
    first, second = chunk("a"), chunk("b.c")

    infos = list(chunks_of(MAGIC + first + second))

    assert infos == [
        ChunkInfo("a", 8, len(first), 100, 1, 100, 1000, 2000, -5, 3000),
        ChunkInfo("b.c", 8 + len(first), len(second), 100, 1, 100, 1000, 2000, -5, 3000),
    ]


@given(st.data())
def test_each_changed_byte_is_found(data: st.DataObject) -> None:
    whole = bytearray(chunk())
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] ^= data.draw(st.integers(1, 255))

    with pytest.raises(DamagedChunkError):
        decode_chunk(bytes(whole))


@given(st.integers(1, len(chunk("b")) - 1))
def test_a_truncated_file_is_found_and_its_whole_chunks_are_returned(missing: int) -> None:
    content = MAGIC + chunk("a") + chunk("b")
    infos = chunks_of(content[:-missing])

    assert next(infos).device_id == "a"
    with pytest.raises(DamagedChunkError):
        next(infos)


@given(st.binary(max_size=200))
def test_garbage_is_no_segment(content: bytes) -> None:
    with pytest.raises(DamagedChunkError):
        list(chunks_of(b"X" + content))
    with pytest.raises(DamagedChunkError):
        decode_chunk(content)


def test_the_fixed_positions_of_a_line() -> None:
    line = head("dev.1") + b'2026-01-31T12:00:00.000Z","value":1' + tail(42, b"2026-01-31T12:00:01.000Z")

    assert device_id_of(line) == b"dev.1"
    assert timestamp_of(line) == b"2026-01-31T12:00:00.000Z"
    assert received_at_of(line) == b"2026-01-31T12:00:01.000Z"
    assert offset_of(line) == 42


def test_other_bytes_are_not_a_line() -> None:
    with pytest.raises(ValueError, match="not a stored reading"):
        offset_of(b"{}")
