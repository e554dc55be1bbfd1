"""Pushes the images of this checkout to a registry, under the names that the chart's `imageRegistry` leads to."""

import os
import re
import sys
from collections.abc import Iterable, Mapping

from e2e.cluster.errors import HarnessError
from e2e.cluster.lock import locked
from e2e.cluster.progress import Progress
from e2e.images.build import Cache, Work, ensure_images
from e2e.images.catalogue import NAMES, image_of

REGISTRY = re.compile(r"[a-z0-9]([-._a-z0-9]*[a-z0-9])?(:[0-9]+)?(/[a-z0-9]([-._a-z0-9]*[a-z0-9])?)*/?")
"""What the chart accepts as `imageRegistry`."""


def push(registry: str, names: Iterable[str] = NAMES, environment: Mapping[str, str] | None = None) -> list[str]:
    """Build what is missing, push every image, and return the names in the registry.

    Args:
        registry: host, port and path, such as `registry.example.com/edge`.
        names: the images.
        environment: of this process; says where the cache is.

    Raises:
        HarnessError: the registry is not a valid name, cannot be reached or rejects an image, or a build failed.
    """
    if not REGISTRY.fullmatch(registry):
        given = f"{registry!r} is not a registry" if registry else "no registry is given"
        raise HarnessError(f"{given}: set host and path, without https://, as in REGISTRY=registry.example.com/edge")
    variables = dict(environment or os.environ)
    archives = ensure_images(names, variables)
    progress = Progress(sys.stderr)
    work = Work(Cache.of(variables), variables, progress)
    pushed = []
    with locked(work.cache.directory / "lock", lambda: progress.say("another build of images is running; waiting")):
        for name, archive in archives.items():
            image = image_of(name)
            target = image.name_in(registry)
            try:
                work.builder.push(archive, image, target)
            except HarnessError as error:
                host = registry.partition("/")[0]
                hint = f"if the registry needs a login: docker login {host}, or buildah login {host}"
                raise HarnessError(f"{target} could not be pushed; {hint}\n{error}") from error
            progress.say(f"pushed {target}")
            pushed.append(target)
    return pushed
