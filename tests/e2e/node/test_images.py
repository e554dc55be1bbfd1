"""Image archives made without a build tool."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

from e2e.cluster.node.oci import Image


def _image(tmp_path: Path) -> Image:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF")
    return Image("example.invalid/a/b:1", "arm64", {"/usr/bin/b": program}, {"/b": "usr/bin/b"}, {"User": "1:1"})


def test_archive_is_a_whole_image(tmp_path: Path) -> None:
    _image(tmp_path).write(tmp_path / "image.tar")
    with tarfile.open(tmp_path / "image.tar") as archive:
        files = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        contents = {name: file.read() for name, file in files.items() if file}

    def blob(descriptor: dict[str, Any]) -> bytes:
        content = contents[descriptor["digest"].replace("sha256:", "blobs/sha256/")]
        assert len(content) == descriptor["size"]
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == descriptor["digest"]
        return content

    (entry,) = json.loads(contents["index.json"])["manifests"]
    assert entry["annotations"]["io.containerd.image.name"] == "example.invalid/a/b:1"
    manifest = json.loads(blob(entry))
    config = json.loads(blob(manifest["config"]))
    assert (config["architecture"], config["config"]) == ("arm64", {"User": "1:1"})
    layer = blob(manifest["layers"][0])
    assert config["rootfs"]["diff_ids"] == [manifest["layers"][0]["digest"]]
    with tarfile.open(fileobj=io.BytesIO(layer)) as root:
        found = {member.name: (member.isdir(), member.mode, member.linkname) for member in root}
    assert found == {
        "usr": (True, 0o755, ""),
        "usr/bin": (True, 0o755, ""),
        "usr/bin/b": (False, 0o755, ""),
        "b": (False, 0o777, "usr/bin/b"),
    }


def test_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        _image(tmp_path).write(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
