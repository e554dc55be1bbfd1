"""Building ahead of the tests: in order, whatever fails, and ended with its parent; a program replaces Go."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.cluster import wait
from e2e.cluster.build import built_path, is_built
from e2e.cluster.checkout import ROOT
from e2e.cluster.processes import Process
from e2e.cluster.sources import CNI, COREDNS, Source

pytestmark = pytest.mark.process

SECONDS = 20.0
# "Builds" once the test has made the file that it waits for.
GO = """#!/bin/sh
case "$1" in
env) echo go1.26.8 ;;
list) echo a ;;
build)
    case "$PWD" in *{failing}) echo 'no space left' >&2; exit 1 ;; esac
    touch "${{GOTMPDIR:?}}/go-build1"
    echo "$PWD" >>{directory}/begun
    until [ -e {directory}/gate-$(basename "$PWD") ]; do sleep 0.02; done
    while [ "$1" != -o ]; do shift; done
    for name in bridge host-local loopback coredns; do echo binary >"$2$name"; done ;;
esac
"""
QUEUE = """
import os, sys
from e2e.cluster.sources import CNI, COREDNS
from e2e.cluster.steps import Steps
from e2e.prebuild.go import GoQueue
from e2e.prebuild.parent import end_with_parent
end_with_parent()
ended = GoQueue(os.environ, Steps()).put([(CNI, lambda: None), (COREDNS, lambda: None)])
sys.exit(1 if [each for each in ended if not each.result()] else 0)
"""
PARENT = f"""
import subprocess, sys
queue = subprocess.Popen([sys.executable, "-c", {QUEUE!r}], stdout=subprocess.DEVNULL)
print(queue.pid, flush=True)
queue.wait()
"""
NEEDS = "from e2e.cluster.build import ensure; from e2e.cluster.sources import CNI, COREDNS; print(ensure({}))"


@dataclass(frozen=True)
class Machine:
    """A directory with a cache and a program of Go's name."""

    directory: Path

    def have_go(self, failing: str = "none") -> None:
        programs = self.directory / "programs"
        programs.mkdir()
        (programs / "go").write_text(GO.format(directory=self.directory, failing=failing))
        (programs / "go").chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        programs = self.directory / "programs"
        # Where there is no Go, the system may have one.
        path = f"{programs}:/usr/bin:/bin" if programs.exists() else str(programs)
        return {**os.environ, "PATH": path, "EDGE_CACHE": str(self.directory / "cache")}

    @contextmanager
    def run(self, script: str) -> Iterator["subprocess.Popen[str]"]:
        command = [sys.executable, "-c", script]
        with subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def let(self, source: Source) -> None:
        """Let the build of a source that has begun, or begins, come to its end."""
        (self.directory / f"gate-{source.name}").touch()

    def await_begun(self, *sources: Source) -> None:
        """Return once exactly these have begun to be built, in this order."""
        wanted = [str(source.directory) for source in sources]
        assert wait.until(lambda: self._begun() == wanted, seconds=SECONDS), self._begun()

    def is_built(self, source: Source) -> bool:
        return is_built(source, self.environment)

    def left(self, source: Source) -> list[str]:
        return sorted(path.name for path in built_path(source, self.environment).iterdir())

    def _begun(self) -> list[str]:
        begun = self.directory / "begun"
        return begun.read_text().split() if begun.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_sources_are_built_one_after_another_and_logged(machine: Machine) -> None:
    machine.have_go()
    with machine.run(QUEUE) as queue:
        machine.await_begun(CNI)
        machine.let(CNI)
        machine.await_begun(CNI, COREDNS)
        assert machine.is_built(CNI)
        assert not machine.is_built(COREDNS)
        machine.let(COREDNS)
        output, _ = queue.communicate(timeout=SECONDS)
    assert queue.returncode == 0
    assert machine.is_built(COREDNS)
    said = [line.split("s  ", 1)[1].split(" in ")[0] for line in output.splitlines()]
    cni, coredns = (f"{source.title} {source.version}" for source in (CNI, COREDNS))
    assert said == [f"{cni}: begun", f"{cni}: done", f"{coredns}: begun", f"{coredns}: done"]


def test_a_test_that_needs_a_later_build_waits_for_it(machine: Machine) -> None:
    machine.have_go()
    with machine.run(QUEUE) as queue:
        machine.await_begun(CNI)
        with machine.run(NEEDS.format("COREDNS")) as test:
            assert test.stderr
            assert "another build of the same CoreDNS is running; waiting for it" in test.stderr.readline()
            machine.let(CNI)
            machine.let(COREDNS)
            output, _ = test.communicate(timeout=SECONDS)
        assert queue.wait(SECONDS) == 0
    assert output.strip() == str(built_path(COREDNS, machine.environment))
    machine.await_begun(CNI, COREDNS)


def test_after_kill_9_who_waits_builds_it_and_nothing_half_made_is_left(machine: Machine) -> None:
    machine.have_go()
    with machine.run(QUEUE) as queue:
        machine.await_begun(CNI)
        with machine.run(NEEDS.format("COREDNS")) as test:
            assert test.stderr
            assert "waiting for it" in test.stderr.readline()
            queue.kill()
            assert list(built_path(CNI, machine.environment).glob("draft-*/work/go-build1"))
            machine.await_begun(CNI, COREDNS)
            machine.let(COREDNS)
            assert test.wait(SECONDS) == 0
    assert not machine.is_built(CNI)
    with machine.run(QUEUE) as again:
        machine.let(CNI)
        assert again.wait(SECONDS) == 0
    assert machine.left(CNI) == sorted((*CNI.programs, "lock"))


def test_it_ends_with_its_parent(machine: Machine) -> None:
    machine.have_go()
    with machine.run(PARENT) as started:
        assert started.stdout
        queue = Process.of(int(started.stdout.readline()))
        machine.await_begun(CNI)
        assert queue.alive
        started.send_signal(signal.SIGKILL)
    assert wait.until(lambda: not queue.alive, seconds=SECONDS)


def test_one_that_cannot_be_built_is_a_line_and_the_others_are_built(machine: Machine) -> None:
    machine.have_go(failing="cni")
    with machine.run(QUEUE) as queue:
        machine.await_begun(COREDNS)
        # Its lock is free again: who needs it learns at once that it cannot be built.
        with machine.run(NEEDS.format("CNI")) as test:
            _, said = test.communicate(timeout=SECONDS)
        assert "no space left" in said
        assert not machine.is_built(COREDNS)
        machine.let(COREDNS)
        output, _ = queue.communicate(timeout=SECONDS)
    assert queue.returncode == 1
    assert f"{CNI.title} {CNI.version}: cannot be built: `go build` failed" in output
    assert "no space left" in output
    assert machine.is_built(COREDNS)


def test_a_missing_tool_is_a_line_for_each_that_needs_it(machine: Machine) -> None:
    script = QUEUE.replace("import os, sys", f"import os, sys; sys.executable = '{machine.directory}/python'")
    with machine.run(script) as queue:
        output, _ = queue.communicate(timeout=SECONDS)
    assert queue.returncode == 1
    assert output.count("there is no `go` on PATH") == 2


def test_what_cannot_be_on_this_machine_is_left_out(machine: Machine) -> None:
    machine.have_go()
    script = QUEUE.replace("(CNI, lambda: None)", "(CNI, lambda: 'it needs root')")
    with machine.run(script) as queue:
        machine.let(COREDNS)
        output, _ = queue.communicate(timeout=SECONDS)
    assert queue.returncode == 0
    assert f"{CNI.title} {CNI.version}: not built, because it needs root" in output
    machine.await_begun(COREDNS)
