"""Gives the archives of images: those in the cache, and those that are built now."""

import os
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, Self

from e2e.cluster.cache import cache_root, go_architecture
from e2e.cluster.checkout import ROOT
from e2e.cluster.errors import HarnessError
from e2e.cluster.lock import locked
from e2e.cluster.progress import Progress
from e2e.images import docker
from e2e.images.buildah import Buildah
from e2e.images.catalogue import NAMES, Image, image_of
from e2e.images.docker import Docker

ATTEMPTS = 3
KEPT = 3
"""How many archives of an image stay in the cache."""


class Builder(Protocol):
    """Builds one image at a time."""

    def build(self, image: Image, archive: Path, say: "Say") -> None:
        """Write the image's archive."""

    def push(self, archive: Path, image: Image, target: str) -> None:
        """Push an archive to a registry under the name `target`."""


class Say(Protocol):
    """Takes a line for the person who waits."""

    def __call__(self, message: str, /) -> object:
        """Show it."""


@dataclass(frozen=True)
class Cache:
    """The archives of images, by content.

    Attributes:
        directory: where they are.
        epoch: the time in all images: another time, other images.
    """

    directory: Path
    epoch: int

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Return the cache of a process with this environment."""
        return cls(cache_root(environment, Path.home()) / "images", int(environment.get("SOURCE_DATE_EPOCH") or 0))

    def archive(self, image: Image) -> Path:
        """Where the archive of an image is, or will be."""
        time_part = f"-{self.epoch}" if self.epoch else ""
        return self.directory / f"{image.name}-{go_architecture()}-{image.digest[:16]}{time_part}.tar"

    def clear(self, name: str) -> None:
        """Remove all but the newest archives of an image."""
        archives = sorted(self.directory.glob(f"{name}-*.tar"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in archives[KEPT:]:
            old.unlink()


@dataclass(frozen=True)
class Work:
    """Builds what is missing, with whatever can build here.

    Attributes:
        cache: where the archives go.
        environment: this process's.
        progress: where it says what it does.
    """

    cache: Cache
    environment: Mapping[str, str]
    progress: Progress

    @cached_property
    def builder(self) -> Builder:
        """The Docker engine if one answers, else buildah.

        Raises:
            HarnessError: neither can build here, and what to do.
        """
        if docker.answers():
            return Docker(ROOT, self.cache.epoch)
        buildah = Buildah(self.cache.directory / "buildah", ROOT, self.cache.epoch, self.environment, self.progress)
        buildah.prepare()
        return buildah

    def build(self, name: str) -> Path:
        """Return the archive of an image, built if it is missing.

        Raises:
            HarnessError: the build failed, or the files of the image change all the time.
        """
        for _ in range(ATTEMPTS):
            image = image_of(name)
            if not self.cache.archive(image).exists():
                self._build(image)
            # What was changed meanwhile may be in it or not.
            if image_of(name).digest == image.digest:
                return self.cache.archive(image)
            self.cache.archive(image).unlink()
        raise HarnessError(f"the files of the image {name} change while it is built: try again when they are at rest")

    def _build(self, image: Image) -> None:
        archive = self.cache.archive(image)
        began = time.monotonic()
        builder = self.builder
        self.progress.say(f"building {image.reference}")
        draft = archive.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        builder.build(image, draft, self.progress.say)
        draft.replace(archive)
        self.cache.clear(image.name)
        size = archive.stat().st_size / 1e6
        self.progress.say(f"built {image.reference}: {size:.0f} MB, {time.monotonic() - began:.0f} s")


def are_built(environment: Mapping[str, str], names: Iterable[str] = NAMES) -> bool:
    """Whether the archives of these images of this checkout are in the cache."""
    cache = Cache.of(environment)
    return all(cache.archive(image_of(name)).exists() for name in names)


def ensure_images(names: Iterable[str] = NAMES, environment: Mapping[str, str] | None = None) -> dict[str, Path]:
    """Return the archives of these images of this checkout by name, built if they are not in the cache.

    Each carries the full name that containerd keeps an image under, so that the manifests' names find it.

    Raises:
        HarnessError: there is no such image, nothing here can build one, or a build failed.
    """
    variables = dict(environment or os.environ)
    cache = Cache.of(variables)
    archives = {name: cache.archive(image_of(name)) for name in names}
    if not all(archive.exists() for archive in archives.values()):
        progress = Progress(sys.stderr)
        work = Work(cache, variables, progress)
        with locked(cache.directory / "lock", lambda: progress.say("another build of images is running; waiting")):
            archives = {name: work.build(name) for name in archives}
    for archive in archives.values():
        archive.touch()
    return archives
