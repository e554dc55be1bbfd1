"""Tests that are collected once, in this process, and run as often as wanted, in forks of it."""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import hypothesis
import pytest

FEW_EXAMPLES = 25
"""Examples of each Hypothesis test, however many it asks for: the same ones in each run."""

FEW_STEPS = 30
"""Steps of each stateful Hypothesis test."""

LEAST_CPU_SECONDS = 2.0
"""Of one test with a mutant, beside what it took when it was traced."""

ARGUMENTS = (
    "-q",
    "-s",
    "--noconftest",
    "--assert=plain",
    "--tb=no",
    "-pno:cacheprovider",
    "-Wignore::pytest.PytestAssertRewriteWarning",
)
"""Without conftest.py no fixture that starts something is found, and a test that asks for one is not quick."""

STARTS = frozenset({"subprocess.Popen", "os.posix_spawn", "os.exec", "pty.spawn"})
"""Audit events of a process that begins."""

R = TypeVar("R")


class Bench:
    """The tests of a floor, ready to run.

    Attributes:
        items: by id.
    """

    def __init__(self, items: Iterable[pytest.Item]) -> None:
        self.items = {item.nodeid: item for item in items}
        self._is_failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what became of a part of a test."""
        self._is_failed |= not report.passed

    def run(self, tests: Sequence[str], seconds: Mapping[str, float] | None = None) -> bool:
        """Run tests in this order until one does not pass; return whether all passed.

        One that loops for ever ends this process with SIGPROF, if `seconds` says how long each takes at most.
        One that is not there any more is passed over, and all of its file are run at the end: a mutation may have
        changed its name, which proves nothing. If its file has none at all, it was not imported: a failure.
        """
        missing = {test.partition("::")[0] for test in tests if test not in self.items}
        if not missing <= {name.partition("::")[0] for name in self.items}:
            return False
        chosen = [self.items[test] for test in tests if test in self.items]
        chosen += [item for name, item in self.items.items() if name.partition("::")[0] in missing]
        self._is_failed = False
        for item, after in zip(chosen, [*chosen[1:], None], strict=True):
            if seconds is not None:
                signal.setitimer(signal.ITIMER_PROF, LEAST_CPU_SECONDS + seconds.get(item.nodeid, 0.0))
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if self._is_failed:
                return False
        return True


class _Loop(Generic[R]):
    def __init__(self, work: Callable[[Bench], R]) -> None:
        self._work = work
        self.results: list[R] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        bench = Bench(session.items)
        session.config.pluginmanager.register(bench)
        self.results.append(self._work(bench))
        return True


def with_bench(paths: Iterable[str], work: Callable[[Bench], R]) -> R:
    """Collect the tests and do `work` with them, in this process: it starts no process from then on.

    Raises:
        RuntimeError: pytest did not come as far as running tests.
    """
    _prepare()
    loop = _Loop(work)
    status = pytest.main([*ARGUMENTS, *paths], plugins=[loop])
    if not loop.results:
        raise RuntimeError(f"pytest collected nothing and ended with {status}")
    return loop.results[0]


def be_silent() -> None:
    """Show nothing of what this process prints from now on."""
    sys.stdout.flush()
    sys.stderr.flush()
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)


def _prepare() -> None:
    """Let no process be started, and Hypothesis try little and always the same."""
    sys.addaudithook(_refuse)
    few = {"max_examples": FEW_EXAMPLES, "stateful_step_count": FEW_STEPS}
    begin = hypothesis.settings.__init__

    def limited(self: hypothesis.settings, *arguments: object, **given: object) -> None:
        for name, most in few.items():
            if isinstance(asked := given.get(name), int):
                given[name] = min(asked, most)
        begin(self, *arguments, **given)  # type: ignore[arg-type]

    hypothesis.settings.__init__ = limited  # type: ignore[method-assign]
    hypothesis.settings.register_profile(
        "mutate",
        derandomize=True,
        deadline=None,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        suppress_health_check=list(hypothesis.HealthCheck),
        max_examples=FEW_EXAMPLES,
        stateful_step_count=FEW_STEPS,
    )
    hypothesis.settings.load_profile("mutate")


def _refuse(event: str, _arguments: tuple[object, ...]) -> None:
    if event in STARTS:
        raise PermissionError(f"{event}: a quick test starts no process")
