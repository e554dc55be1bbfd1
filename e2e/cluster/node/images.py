"""The images every node has: the pods' sandbox, the name server, the volume provisioner and a shell for helpers."""

import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.cache import go_architecture
from e2e.cluster.lock import locked
from e2e.cluster.node.oci import Image

# A name that no registry serves: nothing is ever pulled for it.
PREFIX = "node.invalid"
PAUSE, BUSYBOX, COREDNS, LOCALPATH = (f"{PREFIX}/{name}:1" for name in ("pause", "busybox", "coredns", "local-path"))
PATH_VARIABLE = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Anything that waits will do: whatever is in a pod is reaped by its own first process.
FOREVER = "2000000000"


@dataclass(frozen=True)
class Parts:
    """The statically linked programs that go into the images."""

    busybox: Path
    coredns: Path
    localpath: Path


def ensure_images(parts: Parts, cache: Path) -> tuple[Path, ...]:
    """The archives of these programs' images, written if they are not in the cache."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for program in (parts.busybox, parts.coredns, parts.localpath):
        digest.update(hashlib.sha256(program.read_bytes()).digest())
    directory = cache / "node-images" / f"{go_architecture()}-{digest.hexdigest()[:16]}"
    archives = {directory / f"{image.name.split('/')[1].split(':')[0]}.tar": image for image in _images(parts)}
    with locked(directory / "lock", lambda: None):
        for archive, image in archives.items():
            if not archive.exists():
                image.write(archive)
    return tuple(archives)


def _images(parts: Parts) -> Iterator[Image]:
    architecture = go_architecture()
    listed = subprocess.run(
        [parts.busybox, "--list"], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    shell = {"/bin/busybox": parts.busybox}
    forever = {"Entrypoint": ["/bin/busybox", "sleep", FOREVER], "User": "65535:65535"}
    yield Image(PAUSE, architecture, shell, config=forever)
    commands = {f"/bin/{name}": "busybox" for name in listed if name not in {"busybox", "["}}
    yield Image(BUSYBOX, architecture, shell, commands, {"Cmd": ["/bin/sh"], "Env": [PATH_VARIABLE]})
    yield Image(
        COREDNS,
        architecture,
        {"/coredns": parts.coredns},
        config={"Entrypoint": ["/coredns"], "User": "65532:65532"},
    )
    yield Image(
        LOCALPATH,
        architecture,
        {"/local-path-provisioner": parts.localpath},
        config={"Entrypoint": ["/local-path-provisioner"]},
    )
