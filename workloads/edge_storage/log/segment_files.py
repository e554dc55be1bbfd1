"""The directory of the segment files."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from edge_storage.log.segment import DamagedChunkError

SUFFIX = ".seg"
DAMAGED_SUFFIX = ".corrupt"
_DIGITS = 20
_BLOCK_BYTES = 512
"""Of `st_blocks`."""


class SegmentFiles:
    """The segment files below the store's directory, by the offset of their last reading.

    Args:
        directory: of the store; the subdirectory `segments` is created by `prepare`.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory / "segments"

    def prepare(self) -> None:
        """Create the subdirectory.

        Raises:
            OSError: it cannot be created.
        """
        if not self._directory.is_dir():
            self._directory.mkdir()
            _sync(self._directory.parent)

    def path(self, last_offset: int) -> Path:
        """Return the path of a segment."""
        return self._directory / f"{last_offset:0{_DIGITS}d}{SUFFIX}"

    def write(self, last_offset: int, content: bytes) -> None:
        """Write a segment durably; a file of the same name, which no index row can refer to, is replaced.

        Raises:
            OSError: it cannot be written; nothing of it is left.
        """
        path = self.path(last_offset)
        try:
            with path.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _sync(self._directory)
        except OSError:
            with contextlib.suppress(OSError):
                path.unlink()
            raise

    def read_part(self, last_offset: int, position: int, length: int) -> bytes:
        """Return `length` bytes from byte `position` of a segment.

        Raises:
            FileNotFoundError: there is no such segment.
            DamagedChunkError: the file ends before.
            OSError: it cannot be read.
        """
        descriptor = os.open(self.path(last_offset), os.O_RDONLY | os.O_CLOEXEC)
        try:
            content = os.pread(descriptor, length, position)
            while len(content) < length:
                # The file ends, or the disk has failed within the chunk: then the next call raises.
                more = os.pread(descriptor, length - len(content), position + len(content))
                if not more:
                    raise DamagedChunkError(f"the file ends within the chunk at byte {position}")
                content += more
        finally:
            os.close(descriptor)
        return content

    def read(self, last_offset: int) -> bytes:
        """Return the content of a segment.

        Raises:
            OSError: it cannot be read.
        """
        return self.path(last_offset).read_bytes()

    def delete(self, last_offset: int) -> None:
        """Delete a segment, if it exists. Its rows must have been deleted from the index before.

        Raises:
            OSError: it cannot be deleted.
        """
        self.path(last_offset).unlink(missing_ok=True)

    def set_aside(self, last_offset: int) -> Path:
        """Rename a damaged segment, so that nothing reads or replaces it, and return the new path.

        Raises:
            OSError: it cannot be renamed.
        """
        path = self.path(last_offset)
        aside = path.with_suffix(SUFFIX + DAMAGED_SUFFIX)
        with contextlib.suppress(FileNotFoundError):
            path.rename(aside)
            _sync(self._directory)
        return aside

    def offsets(self) -> list[int]:
        """Return the last offsets of all segments, in ascending order; none if there is no directory.

        Raises:
            OSError: the directory cannot be listed.
        """
        try:
            # Path.glob ignores errors: the start would take all segments for missing.
            found = [path.name for path in self._directory.iterdir()]
        except FileNotFoundError:
            return []
        names = (name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX))
        return sorted(int(name) for name in names if name.isascii() and name.isdecimal())

    def sizes(self) -> Iterator[tuple[int, int]]:
        """Return the last offset and the size in bytes of each segment."""
        for offset in self.offsets():
            with contextlib.suppress(FileNotFoundError):
                yield offset, self.path(offset).stat().st_size

    def disk_bytes(self) -> int:
        """Return the bytes that the segments occupy on the disk, as `du` counts them."""
        return sum(disk_bytes(self.path(offset)) for offset in self.offsets())


def disk_bytes(path: Path) -> int:
    """Return the bytes that a file occupies on the disk, as `du` counts them; 0 if it does not exist."""
    try:
        return path.stat().st_blocks * _BLOCK_BYTES
    except FileNotFoundError:
        return 0


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
