"""The files of a Secret, read again when they change."""

import asyncio
import contextlib
import time
from pathlib import Path

from edge_processor.sinks.kafka.login import Stamp, stamp_of

FILES_SECONDS = 1.0
"""Time between two checks of the files."""


class Files:
    """Notices a change of the login.

    Args:
        directory: mount point of the Secret; None without one.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._stamp: Stamp = stamp_of(directory)
        self._at = time.monotonic()

    def have_changed(self) -> bool:
        """Return whether a file has changed, at most `FILES_SECONDS` ago."""
        now = time.monotonic()
        if now - self._at < FILES_SECONDS:
            return False
        self._at = now
        return stamp_of(self._directory) != self._stamp

    async def changed_within(self, seconds: float) -> None:
        """Wait for `seconds`, or until a file has changed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while stamp_of(self._directory) == self._stamp:  # noqa: ASYNC110 - a file has no event
                    await asyncio.sleep(0.1)
