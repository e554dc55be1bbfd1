"""What the scenarios share: a node with our images and the chart, and a site in a namespace of each one's own."""

from collections.abc import Iterator

import pytest

from e2e.cluster.node_fixture import node, node_programs
from e2e.kubernetes import Kubernetes
from e2e.story import Story
from e2e.story_fixture import story

__all__ = ["node", "node_programs", "story"]


@pytest.fixture(scope="session")
def installed(story: Story) -> Story:
    """The story on a node with the chart installed."""
    story.install()
    return story


@pytest.fixture(scope="module")
def namespace(request: pytest.FixtureRequest, installed: Story) -> Iterator[str]:
    """A namespace for the scenario, named after its file; deleted before the next, because a node has few cores."""
    name: str = request.module.__name__.rpartition(".")[2].removeprefix("test_").replace("_", "-")
    installed.cluster.make_namespace(name)
    yield name
    installed.cluster.kubectl("delete", "namespace", name, "--wait=true", "--timeout=110s")


@pytest.fixture(scope="module")
def plant(installed: Story, namespace: str) -> str:
    """A site that is Ready, with the devices of examples/first-site.yaml."""
    installed.apply(namespace, "first-site.yaml")
    installed.await_ready(namespace, "plant")
    return "plant"


@pytest.fixture
def cluster(installed: Story) -> Kubernetes:
    """The cluster of the session's node."""
    return installed.cluster
