"""The pytest plugin of tests by what they start. `--quick`: those that start no process, and each is held to it."""

import sys
from collections.abc import Callable, Generator, Sequence

import pytest

MARKER = "process"
CONTROL_PLANE = "control_plane"
STARTERS = frozenset(
    {CONTROL_PLANE, "mosquitto_programs", "kafka_programs", "node_programs", "archives", "tools", "running", "link"}
)
"""Fixtures that start processes, or build what is started; a test that uses one is marked."""

EVENTS = frozenset({"subprocess.Popen", "os.posix_spawn", "os.fork", "os.forkpty", "os.exec"})
"""What Python audits of the start of a process (PEP 578)."""


class ProcessGuard:
    """Refuses to start a process while a test runs that is not marked for it."""

    def __init__(self) -> None:
        self._test = ""
        # An audit hook stays for the whole life of the interpreter.
        sys.addaudithook(self._audit)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Hold the test's fixtures to it; not their teardown, which may be that of fixtures of other tests."""
        return (yield from self._guarded(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Hold the test to it."""
        return (yield from self._guarded(item))

    def _guarded(self, item: pytest.Item) -> Generator[None, None, None]:
        self._test = "" if item.get_closest_marker(MARKER) else item.nodeid
        try:
            return (yield)
        finally:
            self._test = ""

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._test and event in EVENTS:
            what = " ".join(map(str, (event, *arguments[:1])))
            raise RuntimeError(
                f"{self._test} starts a process ({what}): mark it with pytest.mark.{MARKER}, "
                "or add the fixture that starts it to STARTERS in tests/support/quick.py"
            )


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--quick`."""
    parser.addoption("--quick", action="store_true", help="run only the tests that start no process")
    parser.addoption("--no-control-plane", action="store_true", help="run only the tests that need no control plane")


def pytest_configure(config: pytest.Config) -> None:
    """Hold quick tests to it in every run."""
    config.pluginmanager.register(ProcessGuard(), "edge-process-guard")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what starts processes by its fixtures; with `--quick` leave it out of the run."""
    for item in items:
        if not STARTERS.isdisjoint(_fixtures(item)):
            item.add_marker(MARKER)
    if config.getoption("--quick"):
        _keep(config, items, lambda item: not item.get_closest_marker(MARKER))
    if config.getoption("--no-control-plane"):
        _keep(config, items, lambda item: CONTROL_PLANE not in _fixtures(item))


def _keep(config: pytest.Config, items: list[pytest.Item], wanted: Callable[[pytest.Item], bool]) -> None:
    config.hook.pytest_deselected(items=[item for item in items if not wanted(item)])
    items[:] = [item for item in items if wanted(item)]


def _fixtures(item: pytest.Item) -> Sequence[str]:
    return getattr(item, "fixturenames", ())
