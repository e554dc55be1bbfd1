"""The file layer under a program: records what it does, and puts its directory into the state after a power cut."""

import os
import random
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.power_cut.disk import Disk
from benchmarks.power_cut.journal import records
from e2e.cluster.errors import HarnessError

SOURCE = Path(__file__).with_name("recorder.c")
COMPILE_SECONDS = 60.0
SHARED_MEMORY = "-shm"
"""End of the names of SQLite's shared memory: it is mapped, not written, and SQLite makes it again at each start."""


def compiled(directory: Path) -> Path:
    """Return the recorder as a shared library in `directory`.

    Raises:
        HarnessError: there is no C compiler, or it failed.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise HarnessError("power cuts need a C compiler, and there is no cc here: apt-get install gcc libc6-dev")
    library = directory / "recorder.so"
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False)
    if done.returncode != 0:
        raise HarnessError(f"cc cannot compile {SOURCE.name}: {done.stderr.strip()[-1000:]}")
    return library


@dataclass
class Layer:
    """The layer under one directory.

    Attributes:
        directory: of the program; nothing else writes there.
        journal: file of records, outside of `directory`.
        library: the recorder.
        dice: what is lost in a cut.
    """

    directory: Path
    journal: Path
    library: Path
    dice: random.Random

    def __post_init__(self) -> None:
        self._disk = self._read()

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables of the program."""
        return {
            "LD_PRELOAD": str(self.library),
            "EDGE_POWER_CUT_DIRECTORY": str(self.directory),
            "EDGE_POWER_CUT_JOURNAL": str(self.journal),
        }

    def cut(self) -> int:
        """Put the directory into the state after a power cut; return the number of operations since the last one.

        The program has been killed, and starts again after this.
        """
        count = 0
        for record in records(self.journal.read_bytes()):
            if not record.path.endswith(SHARED_MEMORY):
                self._disk.do(record)
                count += 1
        content, directories = self._disk.after_cut(self.dice)
        for path in self.directory.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        for name in sorted(directories):
            Path(name).mkdir(parents=True, exist_ok=True)
        for name, data in content.items():
            Path(name).write_bytes(data)
        self.journal.unlink()
        self._disk = self._read()
        return count

    def _read(self) -> Disk:
        self.directory.mkdir(parents=True, exist_ok=True)
        found = [Path(root) / name for root, _, names in os.walk(self.directory) for name in names]
        directories = [str(path) for path in self.directory.rglob("*") if path.is_dir()]
        files = {str(path): path.read_bytes() for path in found if not path.name.endswith(SHARED_MEMORY)}
        return Disk(files, directories)
