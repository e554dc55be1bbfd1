"""Builds images without an engine: buildah in a chroot, on bases made from Debian's packages. Needs root."""

import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from e2e.cluster.errors import HarnessError
from e2e.cluster.progress import Progress
from e2e.images import home
from e2e.images.catalogue import DOCKERIGNORE, Image
from e2e.images.debian import SID, TRIXIE, Base, ensure_base
from e2e.mosquitto.command import run
from e2e.mosquitto.packages import Needed

NEEDED = Needed(
    "building images without Docker",
    {
        "apt-get": ("buildah", "mmdebstrap", "debian-archive-keyring", "runc"),
        "": ("Docker, or buildah and mmdebstrap on Debian or Ubuntu,",),
    },
)
BASES = {"BASE": TRIXIE, "MOSQUITTO_BASE": SID}
"""Build argument: the suite of its base image."""
PINNED = "sealing memfd copy: Device or resource busy"
"""What buildah ends with where the kernel holds a page of the copy of itself that it runs a step from.

The seal (`F_SEAL_WRITE`, fcntl(2)) waits some 150 ms for such a page and gives up; buildah does not try again.
"""
ATTEMPTS = 5
ON_THIS_MACHINE = re.compile(r"(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?")
"""Registries that may speak plain HTTP, as with Docker."""


@dataclass
class Commands:
    """Shows the running command, and not the many with a cached result."""

    say: Callable[[str], object]
    _command: str = ""

    def take(self, line: str) -> None:
        """Take a line of buildah's output: what follows the name of a command says whether it runs."""
        if self._command and not line.startswith("--> Using cache"):
            self.say(f"  {self._command}")
        match = re.search(r"STEP \d+/\d+: (RUN .*)", line)
        self._command = match[1] if match else ""


@dataclass(frozen=True)
class Buildah:
    """Builds in a storage of its own, which the layers of earlier builds stay in.

    Attributes:
        directory: of the storage, the bases and pip's cache.
        root: of the checkout.
        epoch: the time of all files and of the image, in seconds.
        environment: this process's.
        progress: where it says what it does.
    """

    directory: Path
    root: Path
    epoch: int
    environment: Mapping[str, str]
    progress: Progress

    def prepare(self) -> None:
        """See that all is there, and clear what a killed build has left.

        Raises:
            HarnessError: this is not root, or something is missing and cannot be installed.
        """
        if os.geteuid() != 0:
            raise HarnessError("building images needs a Docker engine that answers, or root: sudo make images")
        if not all(shutil.which(program) for program in ("buildah", "mmdebstrap")):
            NEEDED.install(self.progress)
        self._buildah("rm", "--all")

    def build(self, image: Image, archive: Path, say: Callable[[str], object]) -> None:
        """Build an image and write it as an OCI archive that carries its full name.

        Raises:
            HarnessError: a base cannot be made, or buildah failed.
        """
        # For buildah a label is the same whatever its argument says now: it would take one that it has kept.
        text = image.dockerfile.replace("${REVISION}", image.arguments.get("REVISION", ""))
        arguments = dict(image.arguments)
        for argument, suite in BASES.items():
            if f"FROM ${{{argument}}}" in text:
                arguments[argument] = self._base(suite, say)
        dockerfile = archive.with_suffix(".Dockerfile")
        dockerfile.write_text(text)
        commands = home.lay_out(self.directory / "home", self.environment)
        words = [word for key, value in arguments.items() for word in ("--build-arg", f"{key}={value}")]
        self._bud(
            *("--target", image.name, "--tag", image.reference, "--file", str(dockerfile), *words),
            *("--ignorefile", str(self.root / DOCKERIGNORE), "--volume", f"{commands}:{home.HOME}", str(self.root)),
            each=Commands(say).take,
        )
        target = f"oci-archive:{archive}:{image.reference}"
        self._buildah("push", "--quiet", "--format", "oci", image.reference, target)
        dockerfile.unlink()

    def push(self, archive: Path, image: Image, target: str) -> None:
        """Push an archive under another name, with the logins of `buildah login` or `docker login`.

        Raises:
            HarnessError: the registry cannot be reached or rejects the image.
        """
        host = target.partition("/")[0]
        verify = "false" if ON_THIS_MACHINE.fullmatch(host) else "true"
        # Layers of an older build are not always in the storage; those of the archive are then added.
        self._buildah("pull", "--quiet", f"oci-archive:{archive}:{image.reference}")
        self._buildah("push", "--quiet", f"--tls-verify={verify}", image.reference, f"docker://{target}")

    def _base(self, suite: str, say: Callable[[str], object]) -> str:
        """Bring a base image into the storage; its name there is a hash of how it was made."""
        base = Base(suite)
        reference = f"{base.reference}-{base.digest[:16]}"
        if reference not in self._buildah("images", "--format", "{{.Name}}:{{.Tag}}").splitlines():
            archive = ensure_base(suite, self.directory / "bases", say)
            dockerfile = archive.with_suffix(".Dockerfile")
            dockerfile.write_text(f'FROM scratch\nADD {archive.name} /\nCMD ["bash"]\n')
            self._bud("--tag", reference, "--file", str(dockerfile), str(archive.parent))
        return reference

    def _bud(self, *arguments: str, each: Callable[[str], object] = lambda _: None) -> None:
        always = ("--isolation", "chroot", "--pull-never", "--layers", "--force-rm", "--identity-label=false")
        for left in reversed(range(ATTEMPTS)):
            try:
                # The steps before the one that could not begin are layers by now and are not run again.
                self._buildah("bud", *always, "--timestamp", str(self.epoch), *arguments, each=each)
            except HarnessError as error:
                if PINNED not in str(error) or not left:
                    raise
                self.progress.say("buildah could not begin a step, which passes: once more")
            else:
                return

    def _buildah(self, *arguments: str, each: Callable[[str], object] = lambda _: None) -> str:
        return run([*self._command, *arguments], "building an image", environment=self.environment, each=each)

    @cached_property
    def _command(self) -> tuple[str, ...]:
        storage = ("buildah", "--root", str(self.directory / "storage"), "--runroot", str(self.directory / "run"))
        overlay = (*storage, "--storage-driver", "overlay")
        try:
            run([*overlay, "info"], "asking buildah", environment=self.environment)
        except HarnessError:
            # Where the cache itself is on an overlay, as in a container.
            return (*storage, "--storage-driver", "vfs")
        return overlay
