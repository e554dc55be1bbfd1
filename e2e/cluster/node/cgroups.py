"""The node's own cgroup in every hierarchy (v1, hybrid and v2): all pods are below it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from e2e.cluster import wait
from e2e.cluster.errors import HarnessError

NEEDED = frozenset({"cpu", "memory", "pids"})
# Controllers that limit pods; those that a kernel does not have are skipped.
WANTED = ("cpuset", "cpu", "memory", "pids", "io", "hugetlb")
EMPTY_SECONDS = 15.0


@dataclass(frozen=True)
class Hierarchies:
    """Where the cgroup file systems are mounted."""

    v1: tuple[Path, ...]
    v2: tuple[Path, ...]

    @classmethod
    def parse(cls, mounts: str) -> Self:
        """From /proc/self/mounts."""
        fields = [line.split() for line in mounts.splitlines()]
        of_type = {
            kind: tuple(Path(field[1]) for field in fields if field[2] == kind) for kind in ("cgroup", "cgroup2")
        }
        return cls(of_type["cgroup"], of_type["cgroup2"])

    @classmethod
    def here(cls) -> Self:
        """Those of this machine."""
        return cls.parse(Path("/proc/self/mounts").read_text())

    def create(self, name: str) -> None:
        """Make the cgroup, able to limit CPU, memory and processes.

        Raises:
            HarnessError: the machine does not let it.
        """
        try:
            for mount in self.v1:
                _create_v1(mount, name)
            if not self.v1:
                _create_v2(self.v2, name)
        except OSError as error:
            raise HarnessError(f"no cgroup can be made here: {error}") from error

    def remove(self, name: str) -> list[Path]:
        """Remove it and all below; what is left because it still has processes."""
        tops = [mount / name for mount in (*self.v1, *self.v2) if (mount / name).is_dir()]
        wait.until(lambda: all(_remove(top) for top in tops), seconds=EMPTY_SECONDS)
        return [top for top in tops if top.is_dir()]

    def processes(self, name: str) -> int:
        """How many processes are in it."""
        tops = [mount / name for mount in (*self.v1, *self.v2)]
        return max((_count(top.rglob("cgroup.procs")) for top in tops), default=0)


def _count(files: Iterable[Path]) -> int:
    total = 0
    for file in files:
        try:
            total += len(file.read_text().split())
        except OSError:
            # Removed while we looked.
            continue
    return total


def _create_v1(mount: Path, name: str) -> None:
    top = mount / name
    top.mkdir(exist_ok=True)
    # A new cpuset is empty, and no process can join it until it has CPUs and memory nodes.
    for file in ("cpuset.cpus", "cpuset.mems"):
        if (top / file).exists():
            (top / file).write_text((mount / file).read_text())


def _create_v2(mounts: tuple[Path, ...], name: str) -> None:
    if not mounts:
        raise HarnessError("no cgroup file system is mounted")
    top = mounts[0] / name
    top.mkdir(exist_ok=True)
    for controller in WANTED:
        try:
            (mounts[0] / "cgroup.subtree_control").write_text(f"+{controller}")
        except OSError:
            # Whether it matters is seen below, from what the new cgroup has.
            continue
    if missing := NEEDED - set((top / "cgroup.controllers").read_text().split()):
        raise HarnessError(f"cgroup v2 does not delegate {', '.join(sorted(missing))} at {mounts[0]}")


def _remove(top: Path) -> bool:
    if not top.is_dir():
        return True
    below = sorted((path for path in top.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts))
    for path in (*below, top):
        try:
            path.rmdir()
        except OSError:
            # A process in it is just ending; asked again.
            continue
    return not top.exists()
