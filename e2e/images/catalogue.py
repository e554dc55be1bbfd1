"""The images there are, and their full names."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.checkout import ROOT
from e2e.cluster.errors import HarnessError
from e2e.images.content import digest_of, revision_of
from e2e.images.dockerfile import Dockerfile
from edge_operator.desired.release import OFFICIAL_IMAGES, Release

OURS = ("operator", "gateway", "processor", "storage", "broker-agent", "device")
MOSQUITTO = "mosquitto"
NAMES = (*OURS, MOSQUITTO)
DOCKERFILE = "workloads/Dockerfile"
DOCKERIGNORE = "workloads/Dockerfile.dockerignore"
DEFAULT_REGISTRY = "docker.io/"


def project_version(root: Path = ROOT) -> str:
    """The version of the project, which is the tag of its images."""
    return str(tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"])


@dataclass(frozen=True)
class Image:
    """One image of a checkout.

    Attributes:
        name: its target in the Dockerfile.
        reference: its full name, as containerd keeps what manifests name without a registry.
        dockerfile: the Dockerfile, without what the target does not need.
        digest: of all that goes into it.
        arguments: the build arguments.
    """

    name: str
    reference: str
    dockerfile: str
    digest: str
    arguments: dict[str, str]

    @property
    def short_name(self) -> str:
        """The name without the default registry, as users write it: `edge-stack/edge-gateway:0.1.0`."""
        return self.reference.removeprefix(OFFICIAL_IMAGES).removeprefix(DEFAULT_REGISTRY)

    def name_in(self, registry: str) -> str:
        """Return the name in a registry: the one that the operator derives from the chart's `imageRegistry`."""
        return f"{registry.rstrip('/')}/{self.short_name}"


def image_of(name: str, root: Path = ROOT) -> Image:
    """Look an image up.

    Raises:
        HarnessError: there is none of that name.
    """
    if name not in NAMES:
        raise HarnessError(f"there is no image {name}: there are {', '.join(NAMES)}")
    dockerfile = Dockerfile.parse((root / DOCKERFILE).read_text())
    sources = dockerfile.sources(name)
    reduced = dockerfile.reduced(name)
    arguments = {"VERSION": project_version(root), "REVISION": revision_of(root, (DOCKERFILE, *sources))}
    reference = f"{DEFAULT_REGISTRY}edge-stack/edge-{name}:{arguments['VERSION']}"
    if name == MOSQUITTO:
        # What sites get by default; its label is its own.
        reference, arguments = Release(arguments["VERSION"]).mosquitto, {}
    words = [f"{key}={value}" for key, value in sorted(arguments.items())]
    return Image(name, reference, reduced, digest_of(root, sources, reduced, reference, *words), arguments)
