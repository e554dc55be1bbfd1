"""The Python of the images, taken from their archives: Debian's, which was built with PGO and LTO.

It runs with Debian's own loader and libraries from a directory of the cache, so no root and no container is needed.
"""

import hashlib
import json
import os
import shlex
import shutil
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path

from e2e.cluster.cache import cache_root
from e2e.cluster.checkout import ROOT
from e2e.cluster.errors import HarnessError
from e2e.images.build import ensure_images

IMAGES = ("storage", "processor")
"""It has the packages of these images: the processor has its own."""

LAYERS = 2
"""Number of layers with the interpreter and the packages; the next one is the code."""

PINNED = ("requirements/workloads.txt", "requirements/processor.txt", "workloads/Dockerfile")


def image_python() -> Path:
    """Return a program that runs the images' Python with the images' packages; the image is built if need be."""
    # Another code of the programs does not need another interpreter.
    pinned = b"".join((ROOT / name).read_bytes() for name in PINNED)
    place = cache_root(os.environ, Path.home()) / "images-python" / hashlib.sha256(pinned).hexdigest()[:16]
    program = place / "python"
    if not program.exists():
        draft = place.with_name(f"{place.name}.{os.getpid()}")
        _unpack(ensure_images(IMAGES).values(), draft / "root")
        _write_program(place / "root", draft)
        shutil.rmtree(place, ignore_errors=True)
        draft.rename(place)
    return program


def python_of(chosen: str) -> Path:
    """Return a program that runs the Python of that path; `images` is that of the images, or this one without it."""
    if chosen != "images":
        return Path(chosen).absolute()
    try:
        return image_python()
    except HarnessError as error:
        print(f"the images' Python cannot be used, this one runs the programs: {error}", file=sys.stderr)
        return Path(sys.executable)


def _digests(image: tarfile.TarFile) -> list[str]:
    index = _json(image, "index.json")
    manifest = _json(image, _blob(index["manifests"][0]["digest"].removeprefix("sha256:")))
    return [layer["digest"].removeprefix("sha256:") for layer in manifest["layers"][:LAYERS]]


def _unpack(archives: Iterable[Path], root: Path) -> None:
    root.mkdir(parents=True)
    unpacked: set[str] = set()
    for archive in archives:
        with tarfile.open(archive) as image:
            for digest in _digests(image):
                if digest in unpacked:
                    continue
                unpacked.add(digest)
                with tarfile.open(fileobj=image.extractfile(_blob(digest))) as layer:
                    layer.extractall(root, filter="tar")
    # The programs ask for the release that they are of; the image has it in the layer of the code.
    metadata = root / "usr/lib/python3/dist-packages/edge_stack-0.dist-info/METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: edge-stack\nVersion: 0\n")


def _write_program(root: Path, draft: Path) -> None:
    """Write the program into `draft`, which becomes the parent of `root`."""
    libraries = next((draft / "root/usr/lib").glob("*-linux-gnu")).name
    loader = next(each for name in ("lib64", "lib") for each in (draft / "root" / name).glob("ld-linux*.so.*"))
    command = shlex.join(
        [
            str(root / loader.relative_to(draft / "root")),
            "--library-path",
            str(root / "usr/lib" / libraries),
            str(root / "usr/bin/python3.13"),
        ]
    )
    program = draft / "python"
    program.write_text(f'#!/bin/sh\nPYTHONHOME={shlex.quote(str(root / "usr"))} exec {command} "$@"\n')
    program.chmod(0o755)


def _blob(digest: str) -> str:
    return f"blobs/sha256/{digest}"


def _json(image: tarfile.TarFile, name: str) -> dict[str, list[dict[str, str]]]:
    content = image.extractfile(name)
    assert content is not None
    loaded: dict[str, list[dict[str, str]]] = json.load(content)
    return loaded
