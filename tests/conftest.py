"""What every test may use: the control plane, our CRDs on it, operators that run against it, brokers, a node."""

import signal
from collections.abc import Iterator

import pytest

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
