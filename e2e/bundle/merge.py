"""Merges image archives into one that containerd, k3s and Docker load. A layer that images share is in it once."""

import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from e2e.cluster.errors import HarnessError
from e2e.images.catalogue import Image

LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
BLOBS = "blobs/"


def merge(images: Iterable[tuple[Image, Path]], target: Path) -> None:
    """Write an archive with all images: an OCI layout that also has the `manifest.json` of `docker save`.

    Args:
        images: each image with its own archive.
        target: the file to write.

    Raises:
        HarnessError: an archive is not an OCI layout of one image.
    """
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as written:
        merged = _Merged(written)
        for image, path in images:
            with closing(tarfile.open(path)) as archive:
                merged.add(image, _Layout(archive, path))
        merged.finish()


@dataclass(frozen=True)
class _Layout:
    """One image as an OCI layout in an archive."""

    archive: tarfile.TarFile
    path: Path

    def descriptor(self) -> dict[str, Any]:
        try:
            found: list[dict[str, Any]] = json.loads(self.content("index.json"))["manifests"]
        except KeyError as error:
            raise HarnessError(
                f"{self.path} is not an OCI layout: `docker save` of Docker 25 or later is needed"
            ) from error
        if len(found) != 1 or found[0].get("mediaType") not in MANIFESTS:
            raise HarnessError(f"{self.path} has {len(found)} images or an index of images: one image is expected")
        return found[0]

    def content(self, name: str) -> bytes:
        file = self.archive.extractfile(name)
        return file.read() if file else b""

    def blob(self, digest: str) -> Any:
        return json.loads(self.content(blob_name(digest)))


@dataclass
class _Merged:
    """The archive that is being written."""

    written: tarfile.TarFile
    names: set[str] = field(default_factory=set)
    index: list[Mapping[str, Any]] = field(default_factory=list)
    docker: list[Mapping[str, Any]] = field(default_factory=list)

    def add(self, image: Image, layout: _Layout) -> None:
        descriptor = layout.descriptor()
        manifest = layout.blob(descriptor["digest"])
        config = layout.blob(manifest["config"]["digest"])
        layers = [layer["digest"] for layer in manifest["layers"]]
        for digest in (descriptor["digest"], manifest["config"]["digest"], *layers):
            self._blob(layout, blob_name(digest))
        names = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
        self.index.append(
            {key: descriptor[key] for key in ("mediaType", "digest", "size")}
            | {"platform": {key: config[key] for key in ("architecture", "os")}}
            | {"annotations": dict.fromkeys(names, image.reference)}
        )
        self.docker.append(
            {
                "Config": blob_name(manifest["config"]["digest"]),
                "RepoTags": [image.reference],
                "Layers": [blob_name(digest) for digest in layers],
            }
        )

    def finish(self) -> None:
        media = "application/vnd.oci.image.index.v1+json"
        index = {"schemaVersion": 2, "mediaType": media, "manifests": self.index}
        self._file("oci-layout", LAYOUT)
        self._file("index.json", json.dumps(index).encode())
        self._file("manifest.json", json.dumps(self.docker).encode())

    def _blob(self, layout: _Layout, name: str) -> None:
        if name not in self.names:
            self.names.add(name)
            self._file(name, layout.content(name))

    def _file(self, name: str, content: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content), 0o644
        self.written.addfile(entry, io.BytesIO(content))


def blob_name(digest: str) -> str:
    """Return the place of a blob in an archive."""
    return BLOBS + digest.replace(":", "/")
