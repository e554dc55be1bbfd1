"""The archives of the images of this checkout."""

from contextlib import nullcontext

import pytest

from e2e.cluster.errors import HarnessError
from e2e.images import docker
from e2e.images.build import ensure_images
from tests.support.images import ImageArchive
from tests.support.missing import not_run


@pytest.fixture(scope="session")
def archives(request: pytest.FixtureRequest) -> dict[str, ImageArchive]:
    """All images; a first build takes two minutes."""
    if docker.answers():
        pytest.skip("not run: these look into the archives of the builder without Docker")
    capture = request.config.pluginmanager.getplugin("capturemanager")
    try:
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            return {name: ImageArchive(path) for name, path in ensure_images().items()}
    except HarnessError as error:
        not_run(error)
