"""Everything a node is made of, built or found: binaries, images, and what comes from the system."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster import build, packages
from e2e.cluster.cache import cache_root
from e2e.cluster.node.images import Parts, ensure_images
from e2e.cluster.sources import CNI, CONTAINERD, COREDNS, KUBE, LOCALPATH, NODE_SOURCES, RUNC

USUAL = "8 to 16 min"


@dataclass(frozen=True)
class Programs:
    """Where the programs are; `images` are archives that each node loads at its first start."""

    cache: Path
    kube: Path
    containerd: Path
    runc: Path
    cni: Path
    images: tuple[Path, ...]

    @property
    def identity(self) -> str:
        """Changes with any of them."""
        return "\n".join(map(str, (self.kube, self.containerd, self.runc, self.cni, *self.images)))


def are_built(environment: Mapping[str, str]) -> bool:
    """Whether nothing has to be compiled for a node."""
    return all(build.is_built(source, environment) for source in (KUBE, *NODE_SOURCES))


def ensure_programs(environment: Mapping[str, str] | None = None) -> Programs:
    """Build what is not in the cache; the system's packages are there already.

    Raises:
        HarnessError: Go is missing or too old, or a build failed.
    """
    variables = environment or os.environ
    to_build = [source.title for source in (*NODE_SOURCES, KUBE) if not build.is_built(source, variables)]
    if len(to_build) > 1:
        print(f"to be built once: {', '.join(to_build)} ({USUAL} in all on two cores)", file=sys.stderr, flush=True)
    built = {source.name: build.ensure(source, variables) for source in (*NODE_SOURCES, KUBE)}
    cache = cache_root(variables, Path.home())
    parts = Parts(
        busybox=Path(packages.program("busybox")),
        coredns=built[COREDNS.name] / COREDNS.programs[0],
        localpath=built[LOCALPATH.name] / LOCALPATH.programs[0],
    )
    return Programs(
        cache=cache,
        kube=built[KUBE.name] / KUBE.programs[0],
        containerd=built[CONTAINERD.name],
        runc=built[RUNC.name] / RUNC.programs[0],
        cni=built[CNI.name],
        images=ensure_images(parts, cache),
    )
