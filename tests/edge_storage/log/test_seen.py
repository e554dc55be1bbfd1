"""Duplicates are found as a plain set finds them, whatever is in memory and whatever was evicted."""

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_storage.log.blocks import SIZE, Block
from edge_storage.log.seen import SeenReadings

NUMBERS = st.integers(0, 40) | st.integers(0, SIZE - 1)


@given(st.lists(NUMBERS, max_size=200))
def test_a_block_is_a_set(numbers: list[int]) -> None:
    block, plain = Block(), set[int]()
    for number in numbers:
        assert block.add(number) == (number not in plain)
        plain.add(number)
        block = Block.decode(block.encode())

    assert all(not block.add(number) for number in plain)


@given(st.permutations(range(12)))
def test_a_block_without_gaps_is_small_again(numbers: list[int]) -> None:
    block = Block()
    for number in numbers:
        block.add(number + 100)

    assert (block.low, block.high, block.bitmap) == (100, 111, None)
    assert len(block.encode()) == 4


def test_a_full_block_is_small() -> None:
    block = Block()
    for number in (*range(0, SIZE, 2), *range(1, SIZE, 2)):
        assert block.add(number)

    assert (block.low, block.high, len(block.encode())) == (0, SIZE - 1, 4)


@pytest.mark.parametrize("size", [0, 3, 5, 511, 513])
def test_other_bytes_are_not_a_block(size: int) -> None:
    with pytest.raises(ValueError, match="it must have 4 or 512"):
        Block.decode(b"x" * size)


SEQS = st.integers(0, 20) | st.integers(-(2**63), 2**63 - 1) | st.integers(4090, 4100) | st.integers(-3, 3)
NAMES = st.sampled_from(["", "a", "b\0", "x" * 64, "x" * 65, "y" * 200_000])
SENT = st.lists(st.tuples(st.integers(1, 3), NAMES, SEQS), max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=SENT, limit=st.integers(1, 5), reloaded=st.sets(st.integers(0, 59)))
def test_all_sessions_together_are_a_set(
    connection: sqlite3.Connection, sent: list[tuple[int, str, int]], limit: int, reloaded: set[int]
) -> None:
    connection.execute("DELETE FROM seen")
    seen, plain = SeenReadings(limit), set[tuple[int, str, int]]()
    for index, key in enumerate(sent):
        assert seen.add(connection, *key, offset=index) == (key not in plain)
        plain.add(key)
        assert len(seen) <= limit
        if index in reloaded:
            seen.save(connection)
            seen = SeenReadings(limit)


def test_many_session_names_are_bounded_in_memory(connection: sqlite3.Connection) -> None:
    seen = SeenReadings(100)
    connection.execute("BEGIN")
    for number in range(5000):
        assert seen.add(connection, 1, f"session-{number}", number, number)
    assert len(seen) <= 100
    assert not any(seen.add(connection, 1, f"session-{number}", number, number) for number in range(5000))
    connection.execute("COMMIT")


def test_a_block_has_the_offset_of_its_newest_reading(connection: sqlite3.Connection) -> None:
    seen = SeenReadings()
    for offset, seq in enumerate((5, 7, 6, 7)):
        seen.add(connection, 1, "s", seq, offset)
    seen.save(connection)

    assert connection.execute("SELECT last_offset FROM seen").fetchall() == [(2,)]
