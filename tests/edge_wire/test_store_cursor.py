"""Cursors against a set of offsets, and their encoded form against garbage."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.messages import MalformedError
from edge_wire.store.cursor import MAX_OFFSET, MAX_RANGES, Cursor

RANGES = st.lists(st.tuples(st.integers(-2, 60), st.integers(-3, 12)).map(lambda pair: (pair[0], sum(pair))))


def confirmed(ranges: list[tuple[int, int]]) -> tuple[Cursor, set[int]]:
    cursor, offsets = Cursor(), set[int]()
    for first, last in ranges:
        cursor = cursor.confirm(first, last)
        offsets.update(range(max(first, 1), last + 1))
    return cursor, offsets


@given(RANGES, st.integers(-1, 90))
def test_a_cursor_is_the_set_of_what_was_confirmed(ranges: list[tuple[int, int]], upto: int) -> None:
    cursor, offsets = confirmed(ranges)

    assert {offset for offset in range(1, 100) if cursor.has(offset)} == offsets
    assert cursor.highest == max(offsets, default=0)
    gaps = cursor.missing(upto)
    assert [offset for first, last in gaps for offset in range(first, last + 1)] == sorted(
        set(range(1, upto + 1)) - offsets
    )
    assert all(first <= last for first, last in gaps)


@given(RANGES)
def test_its_form_is_the_shortest(ranges: list[tuple[int, int]]) -> None:
    cursor, offsets = confirmed(ranges)

    assert cursor.done + 1 not in offsets
    ends = [cursor.done, *(end for each in cursor.ranges for end in each)]
    assert all(
        later > earlier + 1 for earlier, later in zip(ends[::2], [first for first, _ in cursor.ranges], strict=False)
    )
    assert all(first <= last for first, last in cursor.ranges)


@given(RANGES, RANGES)
def test_the_union_has_what_either_has(some: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    assert confirmed(some)[0].union(confirmed(others)[0]) == confirmed(some + others)[0]


@given(RANGES)
def test_the_encoded_form_is_the_same_cursor(ranges: list[tuple[int, int]]) -> None:
    cursor, _ = confirmed(ranges)

    assert Cursor.parse(cursor.encode()) == cursor


def test_what_does_not_fit_the_encoded_form_is_delivered_again() -> None:
    cursor, _ = confirmed([(10 * number, 10 * number + 3) for number in range(1, MAX_RANGES + 3)])

    read = Cursor.parse(cursor.encode())

    assert read.ranges == cursor.ranges[:MAX_RANGES]
    assert len(cursor.ranges) == MAX_RANGES + 2


REFUSED = {
    "no done": {"ranges": []},
    "done is a text": {"done": "1"},
    "done is a boolean": {"done": True},
    "done below 0": {"done": -1},
    "done is huge": {"done": MAX_OFFSET + 1},
    "ranges is an object": {"done": 1, "ranges": {}},
    "a range of one": {"done": 1, "ranges": [[3]]},
    "a range of three": {"done": 1, "ranges": [[3, 4, 5]]},
    "a range backwards": {"done": 1, "ranges": [[5, 3]]},
    "a range of texts": {"done": 1, "ranges": [["3", "4"]]},
    "ranges that overlap": {"done": 1, "ranges": [[3, 5], [5, 7]]},
    "ranges not sorted": {"done": 1, "ranges": [[8, 9], [3, 4]]},
    "a range within done": {"done": 4, "ranges": [[4, 6]]},
    "too many": {"done": 0, "ranges": [[3 * number, 3 * number + 1] for number in range(1, MAX_RANGES + 2)]},
}


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_a_cursor_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(MalformedError, match=r"done|ranges"):
        Cursor.from_object(document)


@given(st.one_of(st.binary(max_size=40), st.recursive(st.integers() | st.text() | st.none(), st.lists).map(str)))
def test_g10_no_text_raises_anything_else(text: bytes | str) -> None:
    body = text if isinstance(text, bytes) else b'{"done":1,"ranges":%b}' % text.replace("'", '"').encode()
    try:
        cursor = Cursor.parse(body)
    except MalformedError:
        return
    assert Cursor.parse(cursor.encode()) == cursor


def test_fields_of_the_request_are_ignored() -> None:
    assert Cursor.from_object(orjson.loads('{"token":3,"done":2,"ranges":[[3,4],[6,7]]}')) == Cursor(4, ((6, 7),))
