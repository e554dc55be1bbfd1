"""The pytest plugin for tests on a real node: one for the session; it ends with this process.

Loaded by `pytest_plugins = ["e2e.cluster.node_fixture"]` in the top-level conftest.py. Where no node can be,
the tests are skipped and say why; with CI=true they fail.
"""

import os
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from e2e.cluster.checkout import EDGE
from e2e.cluster.node import possible, programs
from e2e.cluster.node.node import Node
from e2e.cluster.node.programs import Programs
from e2e.cluster.scratch import scratch_directory


@pytest.fixture(scope="session")
def node_programs(request: pytest.FixtureRequest) -> Programs:
    """Everything a node is made of, built if need be; for tests that start nodes themselves."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    # A cold build takes minutes: its progress has to be seen, captured output is not.
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        reason = possible.prepare(print, building=not programs.are_built(os.environ))
        if reason is None:
            return programs.ensure_programs()
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI tests the real node, but there can be none here, because {reason}")
    pytest.skip(f"no node here, because {reason}")


@pytest.fixture(scope="session")
def node(node_programs: Programs) -> Iterator[Node]:
    """The session's node; tests share it and each takes namespaces of its own."""
    with scratch_directory(EDGE) as directory:
        shared = Node(directory, node_programs)
        shared.start()
        try:
            yield shared
        finally:
            shared.stop(grace=0)
