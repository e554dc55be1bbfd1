"""Files that cannot be read now are not set aside as damaged."""

import datetime as dt
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from edge_storage.log.recovery import reconcile
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.tail import newest_offset
from tests.edge_storage.log.filling import Log

NOW = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    made = Log(tmp_path)
    made.append(*"aaaaabbbbb")
    made.seal()
    yield made
    made.connection.close()


class Failing(SegmentFiles):
    """Segments that can be listed but not read."""

    number = errno.EMFILE

    def read(self, last_offset: int) -> bytes:
        raise OSError(self.number, os.strerror(self.number), str(self.path(last_offset)))


class Unreadable(Failing):
    """Segments on a medium with a defect."""

    number = errno.EIO


def _forget_segments(log: Log) -> None:
    log.connection.execute("DELETE FROM chunk")
    log.connection.execute("DELETE FROM segment")


def test_a_file_that_cannot_be_opened_at_the_start_stays(log: Log) -> None:
    _forget_segments(log)
    with pytest.raises(OSError, match="Too many open files"):
        reconcile(log.connection, Failing(log.directory), 0, NOW)
    assert log.files.offsets() == [10]

    assert reconcile(log.connection, log.files, 0, NOW) == 0
    assert log.all() == log.lines


def test_a_file_on_a_defect_of_the_disk_does_not_stop_the_start(log: Log) -> None:
    _forget_segments(log)

    assert reconcile(log.connection, Unreadable(log.directory), 0, NOW) == 1
    assert log.files.offsets() == []


def test_a_directory_that_cannot_be_listed_is_not_empty(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> NoReturn:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with monkeypatch.context() as patch:
        # One of them lists a directory.
        patch.setattr(os, "scandir", failing)
        patch.setattr(os, "listdir", failing)
        with pytest.raises(PermissionError):
            reconcile(log.connection, log.files, 10, NOW)

    assert log.all() == log.lines


def test_a_start_that_fails_between_two_files_deletes_none(log: Log) -> None:
    for _ in range(2):
        log.append(*"aaaaabbbbb")
        log.seal()
    _forget_segments(log)
    log.connection.execute("UPDATE setting SET value = '0' WHERE name = 'newest_offset'")

    class Second(SegmentFiles):
        def read(self, last_offset: int) -> bytes:
            if last_offset == 20:
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            return super().read(last_offset)

    with pytest.raises(OSError, match="Too many open files"):
        reconcile(log.connection, Second(log.directory), newest_offset(log.connection), NOW)

    assert reconcile(log.connection, log.files, newest_offset(log.connection), NOW) == 0
    assert log.all() == log.lines
    assert newest_offset(log.connection) == 30
