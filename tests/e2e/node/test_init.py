"""PID 1: follows its orders, starts what ends, and ends on a signal; here without namespaces."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from e2e.cluster import wait
from e2e.cluster.checkout import ROOT
from e2e.cluster.node.init import Orders, Program, is_hidden

pytestmark = pytest.mark.process

SECONDS = 10.0
SUPERVISE = "import signal, sys; from pathlib import Path; from e2e.cluster.node import init; \
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD, signal.SIGTERM]); \
init.supervise(init.Orders.parse(Path(sys.argv[1]).read_text()))"


def _orders(directory: Path, *programs: Program) -> Orders:
    return Orders(
        hostname="edge-1",
        files=str(directory),
        joined=str(directory / "joined"),
        logs=str(directory),
        kept=("/var/lib/ci", "/home"),
        environment={"PATH": "/usr/bin:/bin"},
        programs=programs,
    )


@contextmanager
def _supervised(directory: Path, *programs: Program) -> Iterator["subprocess.Popen[str]"]:
    (directory / "orders.json").write_text(json.dumps(asdict(_orders(directory, *programs))))
    command = [sys.executable, "-c", SUPERVISE, str(directory / "orders.json")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as init:
        try:
            yield init
        finally:
            init.send_signal(signal.SIGTERM)
            assert init.wait(SECONDS) == 0


def test_orders_survive_the_way_through_json(tmp_path: Path) -> None:
    orders = _orders(tmp_path, Program("a", ("a", "--b")), Program("c", ("c",), late=True))
    assert Orders.parse(json.dumps(asdict(orders))) == orders


def test_program_that_ends_is_restarted_and_logged(tmp_path: Path) -> None:
    short = Program("short", ("sh", "-c", "echo started; exit 3"))
    with _supervised(tmp_path, short) as init:
        assert init.stdout
        assert init.stdout.readline() == "short ended with 3; starting it again\n"
        assert wait.until(lambda: (tmp_path / "short.log").read_text().count("started") >= 2, seconds=SECONDS)


def test_late_program_waits_until_the_api_server_answers(tmp_path: Path) -> None:
    early = Program("early", ("sh", "-c", "echo started; exec sleep 3"))
    late = Program("late", ("sh", "-c", "echo started; exec sleep 3"), late=True)
    log = tmp_path / "late.log"
    with _supervised(tmp_path, early, late):
        assert wait.until((tmp_path / "early.log").exists, seconds=SECONDS)
        assert not log.exists()
        (tmp_path / "joined").touch()
        assert wait.until(lambda: log.exists() and log.read_text() == "started\n", seconds=SECONDS)


@pytest.mark.parametrize("path", ["/var/lib/ci/project", "/run/user/0/project"])
def test_hidden_places_are_known(path: str) -> None:
    assert is_hidden(path)
    assert not is_hidden("/home/var/run")
