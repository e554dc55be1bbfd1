"""`make push`: every image that a site can use is in a real registry, under the name that the chart leads to."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster.errors import HarnessError
from e2e.images.catalogue import NAMES, image_of, project_version
from e2e.images.push import push
from e2e.tools.helm import CHART
from edge_operator.desired.release import Release
from tests.support.images import ImageArchive
from tests.support.registry import Registry, registry_program
from tests.support.sources import ROOT

PAGES = ("README.md", "docs/first-site.md")
EXAMPLE = "registry.example.com/edge"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    made = Registry(registry_program(), tmp_path_factory.mktemp("registry") / "registry")
    made.start()
    yield made
    made.end()


def first_command(page: str) -> str:
    """Return the command of a page that puts the images into the registry."""
    found = re.search(r"^make push .*$", (ROOT / page).read_text(), re.MULTILINE)
    assert found, f"{page} has no command that puts the images into a registry"
    return found[0]


@pytest.mark.parametrize("page", PAGES)
def test_the_first_command_of_the_page_names_the_registry_of_the_others(page: str) -> None:
    assert first_command(page) in (f"make push REGISTRY={EXAMPLE}", "make push REGISTRY=$REGISTRY")
    assert EXAMPLE in (ROOT / page).read_text()


@pytest.mark.process
def test_the_chart_s_readme_lists_every_image() -> None:
    listed = re.findall(r"^\| `([a-z0-9/-]+:[a-z0-9.-]+)` \|", (CHART / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(image_of(name).short_name for name in NAMES)


@pytest.mark.process
def test_push_brings_every_image(archives: dict[str, ImageArchive], registry: Registry) -> None:
    where = f"{registry.address}/edge"
    command = ["bash", "-c", f"REGISTRY={where}; {first_command('docs/first-site.md')}"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    release = Release(project_version(), registry=where)
    needed = {
        *(release.gateway_image, release.processor_image, release.storage_image, release.broker_agent_image),
        *(release.mqtt_image, f"{where}/edge-stack/edge-operator:{release.version}"),
        f"{where}/edge-stack/edge-device:{release.version}",
    }
    assert {image_of(name).name_in(where) for name in NAMES} == needed
    assert needed <= {*done.stdout.split()}
    assert f"--set imageRegistry={where}" in done.stdout
    for image in needed:
        config = registry.config(image.removeprefix(f"{registry.address}/"))
        assert config["config"]["Labels"]["org.opencontainers.image.title"]
    assert len(registry.repositories()) == len(NAMES)


@pytest.mark.process
def test_a_registry_that_does_not_answer_is_named(archives: dict[str, ImageArchive], registry: Registry) -> None:
    with pytest.raises(HarnessError, match=r"127.0.0.1:1/edge/edge-stack/edge-device.*could not be pushed; .*login"):
        push("127.0.0.1:1/edge", ["device"])


@pytest.mark.parametrize("wrong", ["", "https://registry.example.com", "Registry.example.com", "a b", "host//path"])
def test_a_wrong_name_of_a_registry_is_an_error_before_anything_is_built(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"REGISTRY=registry\.example\.com/edge"):
        push(wrong, ["device"], {"EDGE_CACHE": str(tmp_path)})
    assert not list(tmp_path.iterdir())
