"""Pages of a selection equal the pages of a list that is filtered and sorted as a whole."""

from dataclasses import replace
from functools import partial
from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_storage.log.ordered import Part, first_lines
from edge_storage.log.selection import Position, Selection, TypeFilter, lines_of_device, position_of, time_text
from tests.edge_storage.log.made_lines import NOON, line

DEVICE = "pump-1"
TYPES = ["t", "pressure", 'quo"te', "gra\\ph", "température", "\u2028", "t "]

times = st.integers(NOON - 5, NOON + 5)
readings = st.lists(st.tuples(times, st.sampled_from(TYPES), st.integers(0, 60)), max_size=40)


def parts_of(lines: list[bytes], sizes: list[int]) -> list[Part]:
    """Return the lines in parts of these sizes, and the remainder in another."""
    parts: list[Part] = []
    while lines:
        size = sizes[len(parts)] if len(parts) < len(sizes) else len(lines)
        some, lines = lines[:size], lines[size:]
        found = [milliseconds(each) for each in some]
        parts.append(Part(offset(some[-1]), time_text(min(found)), time_text(max(found)), partial(list, some)))
    return parts


def milliseconds(each: bytes) -> int:
    return NOON + int(orjson.loads(each)["metadata"]["at"])


def offset(each: bytes) -> int:
    found: int = orjson.loads(each)["offset"]
    return found


def expected(lines: list[bytes], selection: Selection) -> list[bytes]:
    """Filter and sort as a reader of the documentation would."""

    def key(each: bytes) -> tuple[int, int]:
        return milliseconds(each), offset(each)

    found = [each for each in lines if selection.begin <= milliseconds(each) < selection.end]
    if selection.sensor_type is not None:
        found = [each for each in found if orjson.loads(each)["sensor_type"] == selection.sensor_type]
    return sorted(found, key=key, reverse=selection.is_newest_first)


@given(
    readings,
    st.lists(st.integers(1, 9), max_size=8),
    times,
    times,
    st.one_of(st.none(), st.sampled_from(TYPES)),
    st.booleans(),
    st.integers(1, 12),
    st.integers(1, 2000),
    st.randoms(),
)
def test_pages_equal_those_of_a_sorted_list(
    made: list[tuple[int, str, int]],
    sizes: list[int],
    begin: int,
    end: int,
    sensor_type: str | None,
    is_newest_first: bool,  # noqa: FBT001 - Hypothesis gives arguments by position
    max_lines: int,
    max_bytes: int,
    random: Random,
) -> None:
    lines = [
        line(DEVICE, at, 7 * number, sensor_type=kind, metadata={"at": at - NOON, "x": "x" * more})
        for number, (at, kind, more) in enumerate(made, 1)
    ]
    parts = parts_of(lines, sizes)
    random.shuffle(parts)
    selection = Selection(DEVICE, begin, end, sensor_type, is_newest_first=is_newest_first)

    found: list[bytes] = []
    after: Position | None = None
    is_complete = False
    while not is_complete:
        page = first_lines(replace(selection, after=after), parts, max_lines=max_lines, max_bytes=max_bytes)
        assert len(page.lines) <= max_lines
        assert len(page.lines) <= 1 or sum(map(len, page.lines)) <= max_bytes
        assert page.is_complete or page.lines
        found += page.lines
        is_complete = page.is_complete
        if page.lines:
            after = position_of(page.lines[-1], DEVICE)

    assert found == expected(lines, selection)


@pytest.mark.parametrize("is_newest_first", [False, True])
def test_parts_beyond_the_page_are_not_loaded(*, is_newest_first: bool) -> None:
    loaded: list[int] = []

    def load(number: int) -> list[bytes]:
        loaded.append(number)
        return [line(DEVICE, NOON + 10 * number + each, 10 * number + each) for each in range(10)]

    parts = [
        Part(10 * number + 9, time_text(NOON + 10 * number), time_text(NOON + 10 * number + 9), partial(load, number))
        for number in range(100)
    ]
    selection = Selection(DEVICE, NOON + 200, NOON + 900, is_newest_first=is_newest_first)

    page = first_lines(selection, parts, max_lines=15, max_bytes=100_000)
    first = sorted(loaded)
    after = replace(selection, after=position_of(page.lines[-1], DEVICE))
    loaded.clear()
    first_lines(after, parts, max_lines=15, max_bytes=100_000)

    assert first == ([88, 89] if is_newest_first else [20, 21])
    assert sorted(loaded) == ([86, 87, 88] if is_newest_first else [21, 22, 23])


@given(
    st.text(st.characters(codec="utf-8")), st.sampled_from(TYPES) | st.text(st.characters(codec="utf-8"), min_size=1)
)
def test_the_type_of_a_line_is_decided_exactly(wanted: str, given_type: str) -> None:
    disguise = {"note": f'","sensor_type":"{wanted}'}
    lines = [
        line(DEVICE, NOON, 1, sensor_type=given_type, metadata=disguise),
        line(DEVICE, NOON, 2, sensor_type=given_type),
        line(DEVICE, NOON, 3, sensor_type=wanted, metadata=disguise),
    ]
    matches = TypeFilter(wanted, lines[0].index(b'","sensor_type"'))

    assert [matches(each) for each in lines] == [given_type == wanted, given_type == wanted, True]


def test_a_type_that_is_escaped_or_elsewhere_is_found() -> None:
    start = line(DEVICE, NOON, 1).index(b'","sensor_type"')
    matches = TypeFilter("é", start)
    before = line(DEVICE, NOON, 1)[: start + 2]

    assert matches(before + b'"sensor_type":"\\u00e9","value":1}')
    assert matches(before + b'"value":1,"sensor_type":"\xc3\xa9"}')
    assert not matches(before + b'"value":1,"sensor_type":"e","metadata":{"sensor_type":"\xc3\xa9"}}')


def test_the_lines_of_a_device_in_a_batch() -> None:
    other = line("pump-10", NOON, 2, metadata={"note": '{"device_id":"pump-1","timestamp":"'})
    body = b"\n".join([line(DEVICE, NOON, 1), other, line(DEVICE, NOON, 3)])

    assert [offset(each) for each in lines_of_device(body, DEVICE)] == [1, 3]
    assert lines_of_device(body, "pump-2") == []


@pytest.mark.parametrize("is_newest_first", [False, True])
def test_what_follows_a_dropped_line_is_not_in_the_page(*, is_newest_first: bool) -> None:
    step = -1 if is_newest_first else 1
    noon, later = time_text(NOON), time_text(NOON + 5 * step)
    first = line(DEVICE, NOON, 10)
    large = line(DEVICE, NOON + 5 * step, 20 + step, metadata={"x": "x" * 500})
    small = line(DEVICE, NOON + 5 * step, 20 + 2 * step)
    parts = [
        Part(10, noon, noon, lambda: [first]),
        Part(20 + step, later, later, lambda: [large]),
        Part(20 + 2 * step, later, later, lambda: [small]),
    ]

    page = first_lines(Selection(DEVICE, is_newest_first=is_newest_first), parts, max_lines=10, max_bytes=500)

    assert (page.lines, page.is_complete) == ([first], False)
