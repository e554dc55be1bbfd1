"""Two builds of the same files give the same image, to the last byte."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from e2e.cluster.checkout import ROOT
from e2e.cluster.files import write_atomically
from e2e.images.build import ensure_images
from e2e.images.catalogue import Image, image_of
from e2e.images.content import digest_of
from tests.support.images import ImageArchive

BUILDER = ("e2e/images", "e2e/mosquitto")
"""The code that builds images."""


@dataclass(frozen=True)
class Shown:
    """That two builds gave the same, kept in the cache: a second build takes a minute, and shows it but once.

    Attributes:
        record: the file that has the digest of what both builds gave; its name changes with all that makes an image.
    """

    record: Path

    @classmethod
    def of(cls, image: Image, bases: Path, builder: str, root: Path = ROOT) -> Self:
        """Look up a build.

        Args:
            image: what was built.
            bases: the folder of its bases, which are named after how they were made.
            builder: the version of the builder.
            root: of the checkout that has the builder's code.
        """
        made_from = sorted(path.name for path in bases.glob("*.tar"))
        key = digest_of(root, BUILDER, image.digest, builder, *made_from)
        return cls(bases.parents[1] / f"{image.name}-{key[:16]}.identical")

    def keep(self, digest: str) -> None:
        """Keep the digest, and none of an earlier build."""
        for old in self.record.parent.glob("*.identical"):
            old.unlink()
        write_atomically(self.record, digest)


@pytest.fixture
def new_cache(tmp_path: Path) -> Iterator[Path]:
    """A cache of its own."""
    yield tmp_path / "cache"
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)


def test_two_builds_are_identical(archives: dict[str, ImageArchive], new_cache: Path) -> None:
    bases = archives["device"].path.parent / "buildah" / "bases"
    if not bases.exists():
        pytest.skip("not run: the archives are from a cache without the bases that they were built on")
    # Asked for again: the files may have been changed since the other tests got their images.
    one = ImageArchive(ensure_images(["device"])["device"])
    builder = subprocess.run(["buildah", "--version"], capture_output=True, text=True, check=True).stdout
    shown = Shown.of(image_of("device"), bases, builder)
    if not shown.record.exists():
        # With nothing but the same bases, so that no layer of an earlier build is there.
        shutil.copytree(bases, new_cache / "images" / "buildah" / "bases")
        other = ImageArchive(ensure_images(["device"], {**os.environ, "EDGE_CACHE": str(new_cache)})["device"])
        assert one.path != other.path
        assert one.descriptor == other.descriptor
        shown.keep(other.descriptor["digest"])
    assert shown.record.read_text() == one.descriptor["digest"]


@pytest.mark.parametrize(
    "changed", ["e2e/images/buildah.py", "e2e/mosquitto/command.py", "its bases", "its version", ""]
)
def test_two_builds_are_compared_again_after_each_change_of_the_builder(tmp_path: Path, changed: str) -> None:
    for folder in BUILDER:
        shutil.copytree(ROOT / folder, tmp_path / folder)
    bases = tmp_path / "images" / "buildah" / "bases"
    bases.mkdir(parents=True)
    image = image_of("device")
    before = Shown.of(image, bases, "1", tmp_path)
    if changed == "its bases":
        (bases / "trixie-1.tar").touch()
    elif changed.endswith(".py"):
        (tmp_path / changed).write_text("changed")
    after = Shown.of(image, bases, "2" if changed == "its version" else "1", tmp_path)
    assert (after == before) == (not changed)
