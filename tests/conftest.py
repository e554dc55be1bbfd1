"""What every test may use: the control plane, our CRDs on it, operators that run against it, brokers, a node."""

import signal
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

from e2e.cluster.checkout import EDGE
from tests.support.child import last_words
from tests.support.running_brokers import last_words_of_brokers

pytest_plugins = [
    "e2e.cluster.fixture",
    "e2e.cluster.node_fixture",
    "e2e.story_fixture",
    "tests.support.link.fixture",
    "tests.support.mosquitto",
    "tests.support.kafka",
    "tests.support.operators",
    "tests.support.broker_pod",
    "tests.support.quick",
]

# No deadline: how long an example takes is the machine's affair, and a hang is found by the timeout of every test.
settings.register_profile(
    "edge", deadline=None, print_blob=True, database=DirectoryBasedExampleDatabase(EDGE / "hypothesis")
)
settings.register_profile("quick", settings.get_profile("edge"), max_examples=20)
settings.load_profile("edge")


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
        report.sections.extend(last_words_of_brokers())
    return report
