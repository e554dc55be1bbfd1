"""What goes into an image: files by their content, and the commit that they are of."""

import hashlib
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

UNKNOWN = "unknown"


def files_of(root: Path, sources: Iterable[str]) -> Iterator[Path]:
    """The files of these files and folders, in order, without what Python leaves beside them."""
    for source in sources:
        place = root / source
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and "__pycache__" not in path.parts and not path.name.endswith((".pyc", ".pyo")):
                yield path


def digest_of(root: Path, sources: Iterable[str], *further: str) -> str:
    """A digest of the names, modes and contents of the files, and of some other words."""
    whole = hashlib.sha256("\0".join(further).encode())
    for path in files_of(root, sources):
        content = path.read_bytes()
        executable = path.stat().st_mode & 0o100
        whole.update(f"{path.relative_to(root)} {executable} {len(content)}\n".encode() + content)
    return whole.hexdigest()


def revision_of(root: Path, sources: Iterable[str]) -> str:
    """The last commit that changed any of the files and folders, with `-dirty` if they differ from it.

    Other commits leave an image what it was.
    """
    places = ["--", *sources]
    commit = _git(root, "log", "-1", "--format=%H", *places)
    if not commit:
        return UNKNOWN
    return f"{commit}-dirty" if _git(root, "status", "--porcelain", *places) else commit


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False, timeout=60
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
