"""The files of Mosquitto's database on its volume: each step leaves a database with which Mosquitto can start."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from edge_broker_agent.drafts import sync, write_draft
from edge_wire.messages import DataLost

MAX_KEPT = 2
"""Number of damaged databases that are kept, so that they do not fill the volume."""

MIN_FREE_BYTES = 16 * 1024**2
"""Free space that is left for Mosquitto's next save."""

SESSIONS_SUFFIX, LOSS_SUFFIX, CORRUPT_SUFFIX = ".sessions", ".loss", ".corrupt-"


class DatabaseVolume:
    """The database and the files beside it.

    Attributes:
        database: Mosquitto's database.
        sessions: the copy of its sessions.
    """

    def __init__(self, database: Path) -> None:
        self.database = database
        self.sessions = self._beside(SESSIONS_SUFFIX)

    def loss(self) -> DataLost | None:
        """Return the noted loss; None if there is no readable note."""
        try:
            return DataLost.from_fields(json.loads(self._beside(LOSS_SUFFIX).read_bytes()))
        except (OSError, ValueError, RecursionError):
            return None

    def note_loss(self, loss: DataLost) -> None:
        """Write the note of a loss, so that another agent reports it too.

        Raises:
            OSError: it cannot be written.
        """
        self.publish(self._beside(LOSS_SUFFIX), lambda file: file.write(json.dumps(loss.to_fields()).encode()))

    def forget_loss(self) -> None:
        """Delete the note."""
        self._beside(LOSS_SUFFIX).unlink(missing_ok=True)

    def publish(self, target: Path, write: Callable[[BinaryIO], object]) -> None:
        """Write a draft with `write` and replace `target` with it.

        Raises:
            OSError: it cannot be written; `target` is unchanged.
            DamagedError: `write` has raised it; `target` is unchanged.
        """
        write_draft(target, write).replace(target)
        sync(target.parent)

    def require_room(self, size: int) -> None:
        """Check that a file of `size` bytes leaves enough free space.

        Raises:
            OSError: it does not.
        """
        free = shutil.disk_usage(self.database.parent).free
        if free < size + MIN_FREE_BYTES:
            raise OSError(errno.ENOSPC, f"the volume has {free} bytes of free space, which is too little")

    def corrupt_name(self, now: datetime) -> str:
        """Return the name under which the database is set aside; the one that it has already if an agent was killed."""
        for aside in self._set_aside():
            if self.database.exists() and aside.samefile(self.database):
                return aside.name
        return f"{self.database.name}{CORRUPT_SUFFIX}{now:%Y%m%dT%H%M%S.%fZ}"

    def prune(self, kept: int) -> None:
        """Delete the older damaged databases; `kept` is the number of files to keep."""
        found = self._set_aside()
        for old in found[: max(0, len(found) - kept)]:
            old.unlink(missing_ok=True)

    def is_replaced(self, found: os.stat_result | None) -> bool:
        """Return whether the database is another file than `found` now; None means that there was none."""
        try:
            present = self.database.stat()
        except FileNotFoundError:
            return found is not None
        return found is None or not os.path.samestat(found, present)

    def set_aside(self, name: str, replacement: Path | None) -> None:
        """Keep the database under `name`, if that is not empty, and put the replacement in its place.

        Raises:
            OSError: it cannot be renamed.
        """
        if name:
            self._keep(self.database.with_name(name))
        if replacement is not None:
            replacement.replace(self.database)
        else:
            self.database.unlink(missing_ok=True)
        sync(self.database.parent)

    def _set_aside(self) -> list[Path]:
        """Return the damaged databases, the oldest first."""
        return sorted(self.database.parent.glob(f"{self.database.name}{CORRUPT_SUFFIX}*"))

    def _keep(self, aside: Path) -> None:
        if aside.exists():
            return
        try:
            # With a second name there is a database at every moment.
            aside.hardlink_to(self.database)
        except OSError:
            # Some file systems have no links.
            self.database.replace(aside)

    def _beside(self, suffix: str) -> Path:
        return self.database.with_name(self.database.name + suffix)
