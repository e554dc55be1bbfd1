"""Pages of the log are the same as a line by line walk returns, from whatever they are cut."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_storage.log.joined import JoinedLines, PageOfLog, merged
from edge_storage.log.line import offset_of
from edge_storage.log.merged_segments import MAX_SEGMENTS, MergedSegments
from edge_storage.log.tail import Batch
from tests.edge_storage.log.filling import line


def _walk(lines: list[bytes], after: int, limit_lines: int, limit_bytes: int) -> list[bytes]:
    wanted = [each for each in lines if offset_of(each) > after][:limit_lines]
    sizes = list(accumulate(map(len, wanted)))
    return [each for number, each in enumerate(wanted) if number == 0 or sizes[number] <= limit_bytes]


@given(
    first=st.sampled_from([1, 5, 95]),
    sizes=st.lists(st.integers(0, 30), min_size=1, max_size=12),
    missing=st.sets(st.integers(0, 12)),
    after=st.integers(0, 110),
    limit_lines=st.integers(0, 14),
    limit_bytes=st.integers(1, 1500),
    batches=st.integers(0, 12),
)
def test_any_page(
    first: int,
    sizes: list[int],
    missing: set[int],
    after: int,
    limit_lines: int,
    limit_bytes: int,
    batches: int,
) -> None:
    """The first lines are in a segment, from two devices; each `batches` of the others are in a row of the tail."""
    lines = [line("ab"[n % 2], first + n, n, rest=b" " * size) for n, size in enumerate(sizes)]
    sealed = [each for number, each in enumerate(lines[: len(lines) - batches]) if number not in missing]
    page = PageOfLog(limit_lines, limit_bytes)
    if sealed:
        by_device = sorted(sealed, key=lambda each: each[:20])
        page.add(merged(by_device, offset_of(lines[0]), offset_of(sealed[-1])), after)
    rest = lines[len(sealed) + sum(number in missing for number in range(len(lines) - batches)) :]
    for begin in range(0, len(rest), 3):
        rows = rest[begin : begin + 3]
        if not page.is_full and offset_of(rows[-1]) > after:
            page.add_batch(Batch(offset_of(rows[0]), offset_of(rows[-1]), b"\n".join(rows)), after)

    wanted = _walk([*sealed, *rest], after, limit_lines, limit_bytes)
    assert page.content() == b"".join(each + b"\n" for each in wanted)


@pytest.mark.parametrize("before", [0, 95, 96, 100, 103, 104, 200])
def test_newest_first(before: int) -> None:
    lines = [line("a", offset) for offset in range(95, 104)]
    joined = merged(list(reversed(lines)), 95, 103)

    wanted = [(offset_of(each), each) for each in reversed(lines) if offset_of(each) < before]
    assert list(joined.newest_before(before)) == wanted


def test_each_of_three_readers_keeps_its_segment() -> None:
    kept = MergedSegments()
    merges: list[int] = []

    def read(number: int) -> None:
        def merge() -> JoinedLines:
            merges.append(number)
            return JoinedLines.of([], [])

        kept.get(number, merge)

    for _ in range(3):
        for number in range(MAX_SEGMENTS):
            read(number)
    assert merges == list(range(MAX_SEGMENTS))

    read(0)
    read(100)
    read(0)
    read(1)
    assert merges == [*range(MAX_SEGMENTS), 100, 1], "the one that was not read for the longest time is dropped"

    kept.drop(100)
    read(100)
    assert merges[-1] == 100


@pytest.mark.parametrize(("less", "count"), [(0, 6), (1, 5)])
def test_the_bytes_of_a_page_are_those_of_the_lines(less: int, count: int) -> None:
    lines = [line("a", offset) for offset in range(1, 9)]
    page = PageOfLog(100, sum(map(len, lines[:6])) - less)

    page.add(merged(lines[:2], 1, 2), 0)
    page.add_batch(Batch(3, 4, b"\n".join(lines[2:4])), 2)
    page.add_batch(Batch(5, 8, b"\n".join(lines[4:])), 4)

    assert page.is_full
    assert page.content().splitlines() == lines[:count]
