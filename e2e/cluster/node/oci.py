"""Writes an OCI image archive without any registry or build tool: one layer of given files."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from e2e.cluster.files import write_atomically

MEDIA = "application/vnd.oci.image"


@dataclass(frozen=True)
class Image:
    """What goes into an image.

    name: with its tag.
    files: executables, by their path in the image.
    links: symbolic links, by their path, to what they point at.
    config: other settings of the image, such as Entrypoint, Cmd and User.
    """

    name: str
    architecture: str
    files: Mapping[str, Path]
    links: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)

    def write(self, archive: Path) -> None:
        """Write the archive; the same content gives the same bytes."""
        layer = self._layer()
        blobs = Blobs()
        config = {
            "architecture": self.architecture,
            "os": "linux",
            "config": dict(self.config),
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{MEDIA}.manifest.v1+json",
            "config": blobs.add_json(f"{MEDIA}.config.v1+json", config),
            "layers": [blobs.add(f"{MEDIA}.layer.v1.tar", layer)],
        }
        entry = {
            **blobs.add_json(f"{MEDIA}.manifest.v1+json", manifest),
            "platform": {"architecture": self.architecture, "os": "linux"},
            "annotations": {
                "io.containerd.image.name": self.name,
                "org.opencontainers.image.ref.name": self.name.rpartition(":")[2],
            },
        }
        index = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
        layout = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": index}
        named = {f"blobs/sha256/{digest}": content for digest, content in blobs.contents.items()}
        write_atomically(archive, _tar({**layout, **named}), mode=0o644)

    def _layer(self) -> bytes:
        contents = {name.lstrip("/"): path.read_bytes() for name, path in self.files.items()}
        return _tar(contents, {name.lstrip("/"): target for name, target in self.links.items()}, mode=0o755)


@dataclass(frozen=True)
class Blobs:
    """Contents by their digest."""

    contents: dict[str, bytes] = field(default_factory=dict)

    def add(self, media_type: str, content: bytes) -> dict[str, Any]:
        """Take a content in; its descriptor."""
        digest = hashlib.sha256(content).hexdigest()
        self.contents[digest] = content
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    def add_json(self, media_type: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Take a JSON content in; its descriptor."""
        return self.add(media_type, json.dumps(content).encode())


def _tar(files: Mapping[str, bytes], links: Mapping[str, str] | None = None, *, mode: int = 0o644) -> bytes:
    buffer = io.BytesIO()
    linked = links or {}
    parents = {str(parent) for name in (*files, *linked) for parent in PurePosixPath(name).parents} - {"."}
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(parents):
            archive.addfile(_entry(name, tarfile.DIRTYPE, 0o755))
        for name, content in files.items():
            entry = _entry(name, tarfile.REGTYPE, mode)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for name, target in linked.items():
            entry = _entry(name, tarfile.SYMTYPE, 0o777)
            entry.linkname = target
            archive.addfile(entry)
    return buffer.getvalue()


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = kind, mode
    return entry
