"""Directories of test runs: removed at the end, or by the next run when a run was killed."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from e2e.cluster.node import traces
from e2e.cluster.processes import Process, boot_id, end, marked

PREFIX = "test-"


def remove_dead(parent: Path) -> None:
    """Remove the directories under `parent` of runs that are dead, with any process left of them."""
    for directory in parent.glob(f"{PREFIX}*"):
        if (owner := _owner(directory)) and not owner.alive:
            _remove(directory)


@contextmanager
def scratch_directory(parent: Path) -> Iterator[Path]:
    """A new directory of this process under `parent`; what dead runs left there is removed first."""
    remove_dead(parent)
    parent.mkdir(parents=True, exist_ok=True)
    me = Process.current()
    directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{me.pid}-{me.started}-", dir=parent))
    (directory / "boot").write_text(me.boot)
    try:
        yield directory
    finally:
        _remove(directory)


def _owner(directory: Path) -> Process | None:
    try:
        pid, started, _ = directory.name.removeprefix(PREFIX).split("-", 2)
        return Process(int(pid), started, _boot_of(directory))
    except ValueError:
        return None


def _boot_of(directory: Path) -> str:
    record = directory / "boot"
    # A run that is just creating its directory has not written the record yet.
    return record.read_text() if record.exists() else boot_id()


def _remove(directory: Path) -> None:
    end(marked(directory), grace=0)
    traces.remove(directory)
    shutil.rmtree(directory, ignore_errors=True)
