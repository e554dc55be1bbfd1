"""What `make demo` plays, on a real node: whatever it shows is checked by itself."""

from collections.abc import Iterator

import pytest

from e2e.demo import NAMESPACE, play
from e2e.story import Story
from e2e.tools.helm import NAMESPACE as OPERATORS
from e2e.tools.helm import RELEASE, Helm


@pytest.fixture
def stage(story: Story) -> Iterator[Story]:
    """The node; later tests find nothing of the demo on it."""
    yield story
    cluster = story.cluster
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=true", "--timeout=110s")
    Helm(cluster.home, cluster.kubeconfig)("uninstall", RELEASE, "--namespace", OPERATORS, "--wait")


def test_it_is_played_to_its_end(stage: Story) -> None:
    play(stage)
    devices = stage.cluster.items("edgedevices", "-n", NAMESPACE)
    assert [device["status"]["phase"] for device in devices] == ["Online"] * 5
