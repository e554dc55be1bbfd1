"""What every test may use: the control plane, our CRDs on it, operators that run against it, brokers, a node."""

import signal
from collections.abc import Generator, Iterator

import pytest

from tests.support.child import last_words

pytest_plugins = [
    "e2e.cluster.fixture",
    "e2e.cluster.node_fixture",
    "e2e.story_fixture",
    "tests.support.mosquitto",
    "tests.support.operators",
    "tests.support.broker_pod",
]


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """Let children be interrupted: a job that a shell has put into the background passes on that SIGINT is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Print with a test that failed what the programs under test logged last: some faults show once."""
    report = yield
    if report.failed:
        report.sections.extend(last_words())
    return report
