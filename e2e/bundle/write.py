"""Writes the bundle: a tar file with a folder that has the layout of the checkout: the commands of docs/ work in it."""

import hashlib
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from e2e.bundle.merge import merge
from e2e.cluster.cache import go_architecture
from e2e.cluster.checkout import ROOT
from e2e.images.catalogue import image_of, project_version
from e2e.images.content import files_of

SCRIPT = "edge-stack-bundle"
IMAGES = "images.tar"
LIST = "images.txt"
SUMS = "SHA256SUMS"
SOURCES = ("README.md", "CHANGELOG.md", "LICENSE", "charts", "crds", "docs", "examples")
"""Files and folders of the checkout that are in the bundle."""


def bundle_name() -> str:
    """Return the name of the bundle's folder: it has the release and the architecture of the images."""
    return f"edge-stack-{project_version()}-{go_architecture()}"


def write_bundle(archives: Mapping[str, Path], directory: Path) -> Path:
    """Write the bundle of this checkout into a directory and return its path; the same content gives the same bytes.

    Args:
        archives: the archive of each image, by the name of the image.
        directory: where the bundle goes; it is created.

    Raises:
        HarnessError: an archive of an image has an unknown form.
    """
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / f"{bundle_name()}.tar"
    draft = target.with_suffix(".draft")
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        made = Path(folder)
        images = [(image_of(name), archive) for name, archive in archives.items()]
        merge(images, made / IMAGES)
        (made / LIST).write_text("".join(f"{image.reference}\n" for image, _ in images))
        with tarfile.open(draft, "w", format=tarfile.PAX_FORMAT) as archive:
            sums = [_add(archive, name, path) for name, path in _files(made)]
            (made / SUMS).write_text("".join(sums))
            _add(archive, SUMS, made / SUMS)
    draft.replace(target)
    return target


def _files(made: Path) -> Iterator[tuple[str, Path]]:
    yield SCRIPT, Path(__file__).with_name(SCRIPT)
    for name in (LIST, IMAGES):
        yield name, made / name
    for path in files_of(ROOT, SOURCES):
        yield str(path.relative_to(ROOT)), path


def _add(archive: tarfile.TarFile, name: str, path: Path) -> str:
    """Add a file that belongs to root and has no time; return its line of the checksums."""
    entry = tarfile.TarInfo(f"{bundle_name()}/{name}")
    entry.size = path.stat().st_size
    entry.mode = 0o755 if name == SCRIPT else 0o644
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        archive.addfile(entry, file)
    return f"{digest}  {name}\n"
