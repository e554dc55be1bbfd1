"""The commands of `edge-storage`, as processes, against a store that runs and against its backups."""

import datetime as dt
import io
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Protocol

import pytest

from edge_service.store import StoreClient
from edge_storage.__main__ import PROGRAM
from edge_storage.database.connections import FILE, open_writer
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.segment_index import segments
from edge_wire.store import FencedError, RawMessage
from tests.edge_storage.lines import lines_of
from tests.edge_storage.log.logs import add_batch, add_sealed
from tests.edge_storage.log.made_lines import NOON, line
from tests.edge_storage.running import RunningStore

pytestmark = pytest.mark.process

COUNT = 1000
NOW = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return the directory of a store with 800 sealed readings and 200 in the tail."""
    made = tmp_path / "data"
    made.mkdir()
    lines = [
        line(f"pump-{offset % 2}", NOON + 1000 * offset, offset, sensor_type="tp"[offset % 4 // 2], value=offset)
        for offset in range(1, COUNT + 1)
    ]
    with closing(open_writer(made)) as connection:
        for name in ("pump-0", "pump-1"):
            connection.execute("INSERT INTO device (name, last_at) VALUES (?, 0)", (name,))
        for begin in range(0, 800, 200):
            add_sealed(connection, made, lines[begin : begin + 200])
        add_batch(connection, lines[800:])
    return made


class Run(Protocol):
    """Runs a command; returns its stdout and stderr."""

    def __call__(self, *arguments: str | Path, stdin: bytes = b"", code: int = 0) -> tuple[bytes, str]: ...


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run commands in this process, which is faster than to start one for each."""

    def call(*arguments: str | Path, stdin: bytes = b"", code: int = 0) -> tuple[bytes, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsysbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            PROGRAM.run([*map(str, arguments)])
        out, told = capsysbinary.readouterr()
        assert ended.value.code == code, told
        return out, told.decode()

    return call


def started(*arguments: str | Path, stdin: bytes = b"") -> tuple[bytes, str]:
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "edge_storage", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=True)
    return done.stdout, done.stderr.decode()


@pytest.mark.parametrize("kind", ["directory", "file", "stream"])
async def test_a_backup_of_a_running_store_is_restored(directory: Path, tmp_path: Path, kind: str) -> None:
    before = lines_of(directory)
    packed = b""
    target = {"directory": str(tmp_path / "backup"), "file": str(tmp_path / "backup.tar"), "stream": "-"}[kind]
    async with RunningStore(directory):
        packed, told = started("backup", target, "--data", directory)
    assert f"backed up the database and 4 segments to {target}" in told

    restored = tmp_path / "restored"
    _, told = started("restore", target, "--data", restored, stdin=packed)

    assert f"restored the database and 4 segments to {restored}" in told
    assert lines_of(restored) == before
    assert sorted(path.name for path in restored.iterdir() if not path.name.endswith(("-wal", "-shm"))) == [
        FILE,
        "edge.lock",
        "segments",
    ]
    async with RunningStore(restored) as store:
        assert [each for each in store.lines if each["level"] == "error"] == []


async def test_the_ingester_of_before_a_restore_is_fenced_off(directory: Path, tmp_path: Path) -> None:
    async with RunningStore(directory) as store, StoreClient(store.url) as client:
        before = await client.acquire_lease("ingester", 60)
        started("backup", tmp_path / "backup", "--data", directory)
    started("restore", tmp_path / "backup", "--data", tmp_path / "restored")
    async with RunningStore(tmp_path / "restored") as store, StoreClient(store.url) as client:
        with pytest.raises(FencedError):
            await client.store([RawMessage("pump-1", b"{}", NOW)], location="hall", token=before.token)
        assert (await client.acquire_lease("ingester", 60)).token > before.token


def test_a_segment_that_is_dropped_during_the_backup(run: Run, directory: Path, tmp_path: Path) -> None:
    with closing(open_writer(directory)) as connection:
        first = segments(connection)[0]
    SegmentFiles(directory).delete(first.last_offset)

    run("backup", tmp_path / "backup", "--data", directory)
    run("restore", tmp_path / "backup", "--data", tmp_path / "restored")

    assert [each["offset"] for each in lines_of(tmp_path / "restored")] == list(range(201, COUNT + 1))


def test_what_a_restore_refuses(run: Run, directory: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    run("backup", backup, "--data", directory)
    target = tmp_path / "restored"

    _, told = run("restore", backup, "--data", directory, code=1)
    assert "is not empty (it has edge.db)" in told
    _, told = run("restore", tmp_path / "nothing", "--data", target, code=1)
    assert "is not the directory of a store or a backup" in told
    _, told = run("restore", "-", "--data", target, stdin=b"x" * 2000, code=1)
    assert "cannot restore -" in told

    segment = SegmentFiles(backup).path(400)
    content = bytearray(segment.read_bytes())
    content[-3] ^= 1
    segment.unlink()
    segment.write_bytes(content)
    _, told = run("restore", backup, "--data", target, code=1)
    assert f"{segment} is damaged" in told
    segment.unlink()
    _, told = run("restore", backup, "--data", target, code=1)
    assert f"{segment} is missing: use another backup" in told
    shutil.copyfile(SegmentFiles(directory).path(200), segment)
    _, told = run("restore", backup, "--data", target, code=1)
    assert "does not match the index" in told
    with closing(sqlite3.connect(backup / FILE)) as connection:
        connection.execute("PRAGMA user_version = 99")
    _, told = run("restore", backup, "--data", target, code=1)
    assert "has schema version 99, this release reads 2 to 3: use a newer release" in told
    (backup / FILE).write_bytes(b"not a database" * 1000)
    _, told = run("restore", backup, "--data", target, code=1)
    assert "cannot be read" in told
    assert [path.name for path in target.iterdir()] == ["edge.lock"]


async def test_a_restore_into_the_directory_of_a_running_store_is_refused(
    run: Run, directory: Path, tmp_path: Path
) -> None:
    run("backup", tmp_path / "backup", "--data", directory)
    async with RunningStore(directory):
        _, told = run("restore", tmp_path / "backup", "--data", directory, code=1)
    assert f"a store uses {directory}: stop it first" in told


def test_what_a_backup_refuses(run: Run, directory: Path, tmp_path: Path) -> None:
    _, told = run("backup", directory, "--data", directory, code=1)
    assert "exists and is not an empty directory: name a new one" in told
    _, told = run("backup", tmp_path / "b", "--data", tmp_path / "nothing", code=1)
    assert "is not the directory of a store" in told
    (tmp_path / "b.tar").touch()
    _, told = run("backup", tmp_path / "b.tar", "--data", directory, code=1)
    assert "File exists" in told


async def test_export(run: Run, directory: Path) -> None:
    stored = lines_of(directory)
    async with RunningStore(directory):
        everything, _ = run("export", "--data", directory)
        of_device, _ = run(
            "export", "--data", directory, "--device", "pump-1", "--type", "t", "--from", "2026-01-31T12:10:00Z"
        )
        of_type, _ = run("export", "--data", directory, "--type", "p", "--to", "2026-01-31T12:00:10Z")
    assert [json.loads(each) for each in everything.splitlines()] == stored
    assert [json.loads(each)["offset"] for each in of_device.splitlines()] == list(range(601, COUNT + 1, 4))
    assert [json.loads(each)["offset"] for each in of_type.splitlines()] == [2, 3, 6, 7]


def test_an_export_of_a_damaged_segment_says_so(run: Run, directory: Path) -> None:
    path = SegmentFiles(directory).path(400)
    path.write_bytes(path.read_bytes()[:-5])
    out, told = run("export", "--data", directory, code=1)
    assert len(out.splitlines()) == 900
    assert "chunks are damaged and were skipped" in told


def test_query(run: Run, directory: Path, tmp_path: Path) -> None:
    run("backup", tmp_path / "backup", "--data", directory)
    devices, _ = run("query", tmp_path / "backup")
    newest, _ = run("query", tmp_path / "backup", "--device", "pump-1", "--limit", "2")
    buckets, _ = run(
        "query",
        tmp_path / "backup",
        "--device=pump-1",
        "--type=t",
        "--from=2026-01-31T12:00:00Z",
        "--to=2026-01-31T12:00:20Z",
        "--every=10s",
        "--agg=max",
    )
    nothing, told = run("query", tmp_path / "backup", "--device", "pump-9")

    assert devices.decode().splitlines()[:2] == [
        "DEVICE  SEALED READINGS  FROM                      TO",
        "pump-0  400              2026-01-31T12:00:02.000Z  2026-01-31T12:13:20.000Z",
    ]
    assert newest.decode().splitlines() == [
        "TIME                      TYPE  VALUE  UNIT",
        "2026-01-31T12:16:39.000Z  p     999    celsius",
        "2026-01-31T12:16:37.000Z  t     997    celsius",
    ]
    assert [row.split()[2:] for row in buckets.decode().splitlines()[1:]] == [
        ["9", "celsius", "3"],
        ["17", "celsius", "2"],
    ]
    assert (nothing, told) == (b"TIME  TYPE  VALUE  UNIT\n", "no readings were found\n")


def test_wrong_arguments(run: Run, directory: Path) -> None:
    _, told = run("query", directory, "--device", "pump-1", "--from", "noon", code=1)
    assert told == "edge-storage query: from must be a time as RFC 3339, such as 2026-01-31T12:00:00Z\n"
    _, told = run("query", directory, "--limit", "0", code=1)
    assert "--limit must be 1 or more" in told
    _, told = run("bakcup", code=2)
    assert "invalid choice: 'bakcup'" in told


def test_a_database_that_is_being_migrated(run: Run, directory: Path) -> None:
    with closing(sqlite3.connect(directory / FILE)) as connection:
        connection.execute("CREATE TABLE reading (x)")
    _, told = run("query", directory, code=1)
    assert "is not completely migrated to this release: start the store" in told


def test_a_reader_that_ends_early(directory: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "edge_storage", "export", "--data", str(directory)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read()
    assert b"Traceback" not in told
    assert b"Exception" not in told
