"""What is on a disk after a power cut: what was synced always, other things by chance."""

import random
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.power_cut.disk import SECTOR_BYTES, Disk
from benchmarks.power_cut.journal import Record, encode, records

D, F, G = "/data", "/data/f", "/data/g"
TIMES = 60


def write(at: int, data: bytes, path: str = F) -> Record:
    return Record("W", path, at, data)


def did(*done: Record) -> list[dict[str, bytes]]:
    """Return what files there are after a cut, for many throws of the dice."""
    results = []
    for seed in range(TIMES):
        disk = Disk({})
        for each in done:
            disk.do(each)
        results.append(disk.after_cut(random.Random(seed))[0])
    return results


CREATED, SYNCED, NAMED = Record("C", F, 0, b""), Record("S", F, 0, b""), Record("S", D, 0, b"")


def test_what_was_synced_is_there() -> None:
    assert did(CREATED, NAMED, write(0, b"abc"), SYNCED) == [{F: b"abc"}] * TIMES


def test_a_name_that_was_not_synced_may_be_missing() -> None:
    results = did(CREATED, write(0, b"abc"), SYNCED)
    assert {} in results
    assert {F: b"abc"} in results


def test_what_was_not_synced_is_there_or_missing_or_torn() -> None:
    page = b"x" * (4 * SECTOR_BYTES)
    found = {each[F] for each in did(CREATED, NAMED, write(0, page))}
    assert {b"", page} < found
    assert any(0 < each.count(b"x") < len(page) for each in found)
    assert all(each.count(b"x") % SECTOR_BYTES == 0 for each in found)


def test_later_writes_may_be_there_without_earlier_ones() -> None:
    results = did(CREATED, NAMED, write(0, b"a" * SECTOR_BYTES), write(SECTOR_BYTES, b"b" * SECTOR_BYTES))
    assert any(each[F] == bytes(SECTOR_BYTES) + b"b" * SECTOR_BYTES for each in results)


def test_a_sync_of_another_file_saves_nothing() -> None:
    other = Record("C", G, 0, b"")
    results = did(CREATED, other, NAMED, write(0, b"abc"), Record("S", G, 0, b""))
    assert any(each[F] == b"" for each in results)


def test_a_rename_that_was_synced_is_there_and_one_that_was_not_may_be() -> None:
    made = (CREATED, write(0, b"abc"), SYNCED, NAMED, Record("R", F, 0, G.encode()))
    assert {frozenset(each) for each in did(*made)} == {frozenset({F}), frozenset({G})}
    assert did(*made, NAMED) == [{G: b"abc"}] * TIMES


def test_a_removed_file_may_come_back() -> None:
    results = did(CREATED, NAMED, write(0, b"abc"), SYNCED, Record("U", F, 0, b""))
    assert {} in results
    assert {F: b"abc"} in results


def test_a_truncation_may_be_missing() -> None:
    results = did(CREATED, NAMED, write(0, b"abc"), SYNCED, Record("T", F, 1, b""))
    assert {each[F] for each in results} == {b"abc", b"a"}


def test_a_directory_that_was_not_synced_takes_its_files_with_it() -> None:
    inner = "/data/segments"
    file = f"{inner}/1"
    results = did(
        Record("M", inner, 0, b""),
        Record("C", file, 0, b""),
        write(0, b"abc", file),
        Record("S", file, 0, b""),
        Record("S", inner, 0, b""),
    )
    assert {} in results
    assert {file: b"abc"} in results


RECORDS = st.builds(Record, st.sampled_from("CWTSRUM"), st.text(max_size=30), st.integers(0, 2**63), st.binary())


@given(st.lists(RECORDS, max_size=5), st.integers(0, 500))
def test_records_are_read_as_they_were_written(made: Sequence[Record], lost: int) -> None:
    whole = b"".join(map(encode, made))
    assert list(records(whole)) == list(made)
    read = list(records(whole[: max(0, len(whole) - lost)]))
    assert read == list(made)[: len(read)]


@given(st.lists(st.tuples(st.integers(0, 3000), st.binary(max_size=1500), st.booleans()), max_size=12), st.integers())
def test_synced_content_is_that_of_a_real_file(steps: list[tuple[int, bytes, bool]], seed: int) -> None:
    disk, real = Disk({}), bytearray()
    for record in (CREATED, NAMED):
        disk.do(record)
    for at, data, is_truncation in steps:
        if is_truncation:
            disk.do(Record("T", F, at, b""))
            real = real[:at] + bytes(max(0, at - len(real)))
        elif data:
            disk.do(write(at, data))
            real += bytes(max(0, at + len(data) - len(real)))
            real[at : at + len(data)] = data
    disk.do(SYNCED)
    assert disk.after_cut(random.Random(seed)) == ({F: bytes(real)}, [])
