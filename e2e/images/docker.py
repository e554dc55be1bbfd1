"""Builds images with the Docker engine that answers."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from e2e.images.catalogue import DOCKERFILE, MOSQUITTO, Image
from e2e.mosquitto.command import run

ANSWER_SECONDS = 20


def answers() -> bool:
    """Whether there is a Docker engine here that answers."""
    program = shutil.which("docker")
    if not program:
        return False
    try:
        asked = subprocess.run([program, "info"], capture_output=True, timeout=ANSWER_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


@dataclass(frozen=True)
class Docker:
    """Builds with `docker build`, from the official base images.

    Attributes:
        root: of the checkout.
        epoch: the time of the image, in seconds.
    """

    root: Path
    epoch: int

    def build(self, image: Image, archive: Path, say: Callable[[str], object]) -> None:
        """Build an image, or pull the official one of Mosquitto, and write it as an archive that carries its name.

        Raises:
            HarnessError: docker failed.
        """
        doing = f"building {image.reference}"
        if image.name == MOSQUITTO:
            run(["docker", "pull", "--quiet", image.reference], f"pulling {image.reference}")
        else:
            words = [word for key, value in image.arguments.items() for word in ("--build-arg", f"{key}={value}")]
            build = ["docker", "build", "--progress", "plain", "--target", image.name, "--tag", image.reference]
            run(
                [*build, *words, "--file", str(self.root / DOCKERFILE), str(self.root)],
                doing,
                environment={**os.environ, "SOURCE_DATE_EPOCH": str(self.epoch), "DOCKER_BUILDKIT": "1"},
                each=lambda line: say(f"  {line}") if "] RUN " in line else None,
            )
        run(["docker", "save", "--output", str(archive), image.reference], doing)

    def push(self, archive: Path, image: Image, target: str) -> None:
        """Load an archive and push it under another name, with the engine's own logins.

        Raises:
            HarnessError: docker failed.
        """
        doing = f"pushing {target}"
        run(["docker", "load", "--quiet", "--input", str(archive)], doing)
        run(["docker", "tag", image.reference, target], doing)
        run(["docker", "push", "--quiet", target], doing)
