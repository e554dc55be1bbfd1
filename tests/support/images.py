"""The project's images for tests: built, read without a container engine, and run."""

import json
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.cluster.packages import SYSTEM_PATH

RUN_SECONDS = 60.0
# MOUNT CHROOT ROOT ARGUMENT...: the root directory is read-only, as in a pod; nothing of this machine is seen in it.
CONTAINED = '"$1" --bind "$3" "$3" && "$1" -o remount,ro,bind "$3" && chroot=$2 && shift 3 && exec "$chroot" "$@"'


@dataclass(frozen=True)
class ImageArchive:
    """An OCI archive as the harness's builder writes it."""

    path: Path

    @property
    def descriptor(self) -> dict[str, Any]:
        """What the archive says of its only image: the digest of the manifest, the full name."""
        (descriptor,) = self._json("index.json")["manifests"]
        return dict(descriptor)

    @property
    def manifest(self) -> dict[str, Any]:
        """The layers and their sizes."""
        return self._blob(self.descriptor["digest"])

    @property
    def config(self) -> dict[str, Any]:
        """User, entry point, labels, history."""
        return self._blob(self.manifest["config"]["digest"])

    def unpack(self, root: Path) -> Path:
        """Lay the root directory out as a container gets it, owners and modes with it; needs root."""
        root.mkdir()
        with closing(tarfile.open(self.path)) as archive:
            for layer in self.manifest["layers"]:
                blob = archive.extractfile(_blob_name(layer["digest"]))
                assert blob is not None
                command = ["tar", "--extract", "--gzip", "--same-owner", "--same-permissions", "--directory", str(root)]
                subprocess.run(command, input=blob.read(), check=True, timeout=300)
        return root

    def _blob(self, digest: str) -> dict[str, Any]:
        return self._json(_blob_name(digest))

    def _json(self, name: str) -> dict[str, Any]:
        with closing(tarfile.open(self.path)) as archive:
            file = archive.extractfile(name)
            assert file is not None
            return dict(json.load(file))


def run_contained(
    root: Path, user: int, command: Sequence[str], **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command as a user in an unpacked root directory that it cannot write to; needs root."""
    # The variables are the image's own, so nothing is found by their PATH here.
    unshare, shell, *tools = (
        str(shutil.which(name, path=SYSTEM_PATH)) for name in ("unshare", "sh", "mount", "chroot")
    )
    contained = [unshare, "--mount", shell, "-c", CONTAINED, "-", *tools, str(root), f"--userspec={user}:{user}"]
    return subprocess.run(
        [*contained, str(root), *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )


def _blob_name(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
