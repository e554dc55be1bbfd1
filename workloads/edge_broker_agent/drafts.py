"""Files that are replaced atomically and durably: a draft beside the target, which is renamed when it is complete."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

DRAFT_SUFFIX = ".draft"


def write_draft(target: Path, write: Callable[[BinaryIO], object]) -> Path:
    """Write a draft of `target` with `write`, and return its path. If `write` raises, no draft is left.

    Raises:
        OSError: it cannot be written.
    """
    path = target.with_name(target.name + DRAFT_SUFFIX)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
    except Exception:
        path.unlink(missing_ok=True)
        raise
    return path


def sync(directory: Path) -> None:
    """Make the names in `directory` durable.

    Raises:
        OSError: it cannot be read.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
