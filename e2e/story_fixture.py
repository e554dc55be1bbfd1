"""The pytest plugin for tests on our pods: the session's node with the images of this checkout."""

from contextlib import nullcontext

import pytest

from e2e.cluster.node.node import Node
from e2e.cluster.steps import Steps
from e2e.kubernetes import Kubernetes
from e2e.story import Story


@pytest.fixture(scope="session")
def story(request: pytest.FixtureRequest, node: Node) -> Story:
    """The session's node with the images of this checkout, built if need be."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    found = Story(Kubernetes(node.kubeconfig, node.directory / "home"), node.load_image, Steps())
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        found.bring_images()
    return found
