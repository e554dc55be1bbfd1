"""`make bundle`: one archive with everything for a site without internet, and containerd loads its images."""

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.bundle.write import IMAGES, SCRIPT, bundle_name, write_bundle
from e2e.cluster.errors import HarnessError
from e2e.cluster.node import kernel
from e2e.cluster.node.node import Node
from e2e.images.catalogue import NAMES, image_of
from tests.support.images import ImageArchive
from tests.support.sources import ROOT

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def bundle(archives: dict[str, ImageArchive], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("bundle")
    return write_bundle({name: archive.path for name, archive in archives.items()}, directory)


@pytest.fixture(scope="module")
def unpacked(bundle: Path) -> Iterator[Path]:
    place = bundle.parent / "site"
    place.mkdir()
    subprocess.run(["tar", "-xf", str(bundle), "-C", str(place)], check=True, timeout=120)
    yield place / bundle_name()
    shutil.rmtree(place)


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a bundle."""
    return subprocess.run(
        [str(folder / SCRIPT), *arguments],
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def test_it_has_the_folders_that_the_docs_name(unpacked: Path) -> None:
    for name in ("charts/edge-stack/Chart.yaml", "crds", "docs/first-site.md", "examples/first-site.yaml", "README.md"):
        assert (unpacked / name).exists(), name
    chart = {path.relative_to(ROOT) for path in (ROOT / "charts").rglob("*") if path.is_file()}
    assert chart == {path.relative_to(unpacked) for path in (unpacked / "charts").rglob("*") if path.is_file()}


def test_a_layer_that_images_share_is_in_it_once(unpacked: Path, archives: dict[str, ImageArchive]) -> None:
    with tarfile.open(unpacked / IMAGES) as merged:
        names = merged.getnames()
    assert len(names) == len(set(names))
    assert (unpacked / IMAGES).stat().st_size < sum(archive.path.stat().st_size for archive in archives.values()) / 2


def test_the_same_content_gives_the_same_bytes(bundle: Path, archives: dict[str, ImageArchive], tmp_path: Path) -> None:
    again = write_bundle({name: archive.path for name, archive in archives.items()}, tmp_path)
    assert again.read_bytes() == bundle.read_bytes()


def test_it_lists_and_verifies(unpacked: Path) -> None:
    listed = run(unpacked, "images")
    assert listed.stdout.split() == [image_of(name).reference for name in NAMES]
    assert run(unpacked, "verify").returncode == 0


def test_a_damaged_bundle_is_not_loaded(unpacked: Path, tmp_path: Path) -> None:
    for name in (SCRIPT, "SHA256SUMS", "README.md"):
        shutil.copy2(unpacked / name, tmp_path / name)
    done = run(tmp_path, "load", "containerd")
    assert done.returncode == 1
    assert "damaged or missing" in done.stderr


@pytest.mark.parametrize(
    ("programs", "said"),
    [
        pytest.param((), "no k3s, ctr or docker", id="no runtime"),
        pytest.param(("ctr", "docker"), "name the one that the cluster uses", id="two runtimes"),
    ],
)
def test_the_runtime_is_named_or_the_only_one(
    programs: tuple[str, ...], said: str, unpacked: Path, tmp_path: Path
) -> None:
    for name in ("sh", "dirname", "cat"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    for name in programs:
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    done = run(unpacked, "load", PATH=str(tmp_path))
    assert done.returncode == 1
    assert said in done.stderr


def test_an_unknown_command_shows_the_usage(unpacked: Path) -> None:
    done = run(unpacked, "lode")
    assert done.returncode == 2
    assert "usage: edge-stack-bundle load" in done.stderr


def test_containers_tools_read_it_as_docker_load_does(unpacked: Path, tmp_path: Path) -> None:
    if not shutil.which("buildah"):
        pytest.skip("not run: it needs buildah, which reads the archive of `docker save`")
    storage = ("--root", str(tmp_path / "root"), "--runroot", str(tmp_path / "run"), "--storage-driver", "vfs")
    for name in ("device", "mosquitto"):
        image = image_of(name)
        source = f"docker-archive:{unpacked / IMAGES}:{image.reference}"
        subprocess.run(["buildah", *storage, "pull", "--quiet", source], check=True, timeout=250, capture_output=True)
    shown = subprocess.run(
        ["buildah", *storage, "images", "--json"], check=True, timeout=60, capture_output=True, text=True
    )
    found = {name for each in json.loads(shown.stdout) for name in each["names"]}
    assert found >= {image_of(name).reference for name in ("device", "mosquitto")}


def test_the_containerd_of_a_node_has_every_image_after_it(unpacked: Path, node: Node) -> None:
    init = node.running()
    assert init is not None
    programs = node.programs.containerd
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "CONTAINERD_ADDRESS": str(kernel.socket(init))}
    for name in NAMES:
        subprocess.run(
            [str(programs / "ctr"), "--namespace", "k8s.io", "images", "rm", image_of(name).reference],
            env=environment,
            check=False,
            timeout=60,
        )
    done = run(unpacked, "load", "containerd", **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("loaded docker.io/") == len(NAMES)


def test_an_archive_that_is_not_a_layout_is_named(tmp_path: Path) -> None:
    strange = tmp_path / "device.tar"
    with tarfile.open(strange, "w"):
        pass
    with pytest.raises(HarnessError, match=r"device.tar is not an OCI layout"):
        write_bundle({"device": strange}, tmp_path / "bundle")
