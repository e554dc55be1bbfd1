"""The node's cgroup on v1, hybrid and v2 machines; directories stand for the file systems."""

from pathlib import Path

import pytest

from e2e.cluster.errors import HarnessError
from e2e.cluster.node.cgroups import Hierarchies

HYBRID = """\
tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
"""
PURE = "cgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\n"


def test_hierarchies_of_a_hybrid_and_of_a_pure_machine() -> None:
    top = Path("/sys/fs/cgroup")
    assert Hierarchies.parse(HYBRID) == Hierarchies((top / "cpu", top / "memory"), (top / "unified",))
    assert Hierarchies.parse(PURE) == Hierarchies((), (top,))
    assert Hierarchies.parse("") == Hierarchies((), ())


def test_new_cpuset_of_v1_gets_the_cpus_of_the_machine(tmp_path: Path) -> None:
    for name, content in (("cpuset.cpus", "0-1\n"), ("cpuset.mems", "0\n")):
        (tmp_path / name).write_text(content)
        (tmp_path / "edge-1").mkdir(exist_ok=True)
        (tmp_path / "edge-1" / name).write_text("")
    Hierarchies((tmp_path,), ()).create("edge-1")
    assert (tmp_path / "edge-1" / "cpuset.cpus").read_text() == "0-1\n"
    assert (tmp_path / "edge-1" / "cpuset.mems").read_text() == "0\n"


def test_v2_that_hands_out_too_little_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "edge-1").mkdir()
    (tmp_path / "edge-1" / "cgroup.controllers").write_text("cpu io\n")
    with pytest.raises(HarnessError, match=f"does not delegate memory, pids at {tmp_path}"):
        Hierarchies((), (tmp_path,)).create("edge-1")


def test_v2_that_hands_out_enough_is_fine(tmp_path: Path) -> None:
    (tmp_path / "edge-1").mkdir()
    (tmp_path / "edge-1" / "cgroup.controllers").write_text("cpu io memory pids\n")
    Hierarchies((), (tmp_path,)).create("edge-1")


def test_machine_without_cgroups_is_refused() -> None:
    with pytest.raises(HarnessError, match="no cgroup file system is mounted"):
        Hierarchies((), ()).create("edge-1")


def test_file_system_that_is_read_only_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"no cgroup can be made here: .*absent"):
        Hierarchies((tmp_path / "absent",), ()).create("edge-1")


def test_all_below_is_removed_in_every_hierarchy(tmp_path: Path) -> None:
    mounts = (tmp_path / "cpu", tmp_path / "unified")
    for mount in mounts:
        (mount / "edge-1" / "kubepods" / "burstable" / "pod-1").mkdir(parents=True)
        (mount / "other").mkdir()
    hierarchies = Hierarchies(mounts[:1], mounts[1:])
    assert hierarchies.remove("edge-1") == []
    assert [path.name for mount in mounts for path in mount.iterdir()] == ["other", "other"]
    assert hierarchies.remove("edge-1") == []
