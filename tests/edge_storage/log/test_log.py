"""The tail and the segments together are one list, for every way to read it."""

import errno
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_storage.log import chunking, tail
from edge_storage.log.line import head
from edge_storage.log.reader import snapshot
from edge_storage.log.sealing import TailChangedError, oldest_of_tail, seal
from edge_storage.log.segment_index import chunks_of_device, remove_segment, segments
from edge_storage.log.tail import SealLimits
from edge_wire.store import StoreUnavailableError
from tests.edge_storage.log.filling import Log


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    made = Log(tmp_path)
    yield made
    made.connection.close()


BATCHES = st.lists(st.sampled_from(["a", "b", "a.b"]), min_size=1, max_size=8)
STEPS = st.lists(BATCHES | st.just("seal") | st.just("reload"), max_size=25)


@settings(max_examples=50, deadline=None)
@given(steps=STEPS, limit=st.integers(1, 9), offset=st.integers(0, 60), chunk=st.integers(1, 5))
def test_every_reader_returns_what_a_list_would(
    steps: list[list[str] | str], limit: int, offset: int, chunk: int
) -> None:
    directory = Path(tempfile.mkdtemp())
    log = Log(directory)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunking, "CHUNK_READINGS", chunk)
        patch.setattr(tail, "COALESCE_ROWS", 3)
        patch.setattr(tail, "ROW_BYTES", 400)
        for step in steps:
            if isinstance(step, list):
                log.append(*step)
            elif step == "seal":
                log.seal()
            else:
                log.state.drop()
    try:
        _compare(log, limit, offset)
    finally:
        log.connection.close()
        shutil.rmtree(directory)


def _compare(log: Log, limit: int, offset: int) -> None:
    read = log.reader
    assert log.all() == log.lines
    after = [each for each in log.lines if each[0] > offset]
    assert read.read_after(log.connection, offset, limit, 10**9) == after[:limit]
    assert read.read_after(log.connection, offset, limit, 1) == after[:1]
    for device_id in (None, "a", "b", "a.b", "c"):
        start = b"" if device_id is None else head(device_id)
        wanted = [each for each in reversed(log.lines) if each[0] < offset and each[1].startswith(start)]
        with snapshot(log.connection):
            assert list(islice(read.newest(log.connection, device_id, offset), limit)) == wanted[:limit]
    assert log.damage.chunks == 0


def test_small_rows_become_one(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "COALESCE_ROWS", 4)
    for _ in range(10):
        log.append("a", "b")

    assert log.tail_rows() == 4
    assert log.all() == log.lines


def test_a_large_request_is_several_rows(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "ROW_BYTES", 400)
    log.append(*"aaaaaaaaaaaaa")

    assert log.tail_rows() > 2
    assert all(len(batch.body) <= 400 for batch in tail.batches(log.connection))
    assert log.all() == log.lines


def test_large_rows_stay(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "COALESCE_ROWS", 4)
    monkeypatch.setattr(tail, "COALESCE_BYTES", 500)
    for _ in range(10):
        log.append("a", "b")

    assert log.tail_rows() == 10


def test_rows_that_became_one_while_they_were_sealed_are_sealed_again(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.limits = SealLimits(readings=2)
    log.append("a")
    log.append("b")
    segment = oldest_of_tail(log.connection, log.limits)
    monkeypatch.setattr(tail, "COALESCE_ROWS", 3)
    log.append("c")
    assert segment is not None
    assert log.tail_rows() == 1

    with pytest.raises(TailChangedError):
        seal(log.files, segment, log.run, log.state.load)
    assert log.files.offsets() == []
    assert log.all() == log.lines
    log.seal()

    assert log.all() == log.lines
    assert log.tail_rows() == 0


def test_chunks_are_found_by_the_time_of_measurement(log: Log) -> None:
    for _ in range(30):
        log.append("a", "b")
    while log.tail_rows():
        log.seal()
    midnight = 1769817600000

    # Offsets 21 to 30 are a segment, and a reading is measured as many seconds after midnight.
    found = chunks_of_device(log.connection, "a", midnight + 23_000, midnight + 25_000)
    lines = [line for chunk in found for line in log.reader.read_chunk(log.connection, chunk)]

    assert [(chunk.first_offset, chunk.last_offset) for chunk in found] == [(21, 29)]
    assert lines == [each for offset, each in log.lines if offset in range(21, 31, 2)]
    assert chunks_of_device(log.connection, "c", 0, 2**62) == []


def _damage(log: Log, segment: int) -> None:
    path = log.files.path(segment)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_a_damaged_chunk_costs_only_itself_and_is_reported(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        log.append(*"aaaaabbbbb")
        log.seal()
    _damage(log, 20)

    with caplog.at_level(logging.ERROR):
        found = log.all()

    assert found == [each for each in log.lines if each[0] not in range(16, 21)]
    assert log.damage.chunks == 1
    assert "skipped a chunk of 5 readings (offsets 16 to 20)" in caplog.text
    with snapshot(log.connection):
        assert [offset for offset, _ in log.reader.newest(log.connection, "b", 100)] == [
            *range(30, 25, -1),
            *range(10, 5, -1),
        ]


def test_a_segment_that_retention_deletes_during_a_query_is_not_damaged(log: Log) -> None:
    for _ in range(3):
        log.append(*"aaaaabbbbb")
        log.seal()
    other = Log(log.directory)

    with snapshot(log.connection):
        assert len(segments(log.connection)) == 3
        with log.files.path(10).open("rb"):
            other.run(lambda connection: remove_segment(connection, 10))
            other.files.delete(10)
        found = [offset for offset, _ in log.reader.newest(log.connection, None, 100)]

    assert found == list(range(30, 10, -1))
    assert log.damage.chunks == 0
    assert log.connection.execute("SELECT count(*) FROM chunk WHERE segment = 10").fetchone() == (0,)
    other.connection.close()


def test_a_file_that_is_missing_is_damage(log: Log) -> None:
    log.append(*"aaaaabbbbb")
    log.seal()
    log.files.delete(10)

    assert log.all() == []
    assert log.damage.chunks == 2


@pytest.mark.parametrize("bytes_before", [0, 8])
def test_an_error_of_the_disk_that_passes_is_no_damage(
    log: Log, monkeypatch: pytest.MonkeyPatch, bytes_before: int
) -> None:
    log.append(*"aaaaabbbbb")
    log.seal()
    read = os.pread
    left = bytes_before

    def failing(descriptor: int, length: int, position: int) -> bytes:
        nonlocal left
        if not left:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        # As the kernel does if the error is in a later page.
        some, left = read(descriptor, min(length, left), position), 0
        return some

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", failing)
        with pytest.raises(StoreUnavailableError, match="cannot be read now"):
            log.all()

    assert log.damage.chunks == 0
    assert log.all() == log.lines


def test_a_chunk_at_the_end_of_a_short_file_is_damaged(log: Log) -> None:
    log.append(*"aaaaabbbbb")
    log.seal()
    path = log.files.path(10)
    path.write_bytes(path.read_bytes()[:-1])

    assert log.all() == log.lines[:5]
    assert log.damage.chunks == 1
