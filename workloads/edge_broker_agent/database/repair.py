"""Checks Mosquitto's database, copies the sessions of an intact one, and replaces a damaged one."""

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from edge_broker_agent.database.bodies import Kind
from edge_broker_agent.database.contents import Contents, check
from edge_broker_agent.database.damage import DamagedError
from edge_broker_agent.database.replacement import write_replacement, write_sessions
from edge_broker_agent.database.volume import MAX_KEPT, DatabaseVolume
from edge_broker_agent.drafts import write_draft
from edge_wire.messages import DataLost

logger = logging.getLogger(__name__)


class DatabaseRepair:
    """The check of the database and what follows from it. A kill between two steps is repaired by the next check.

    Args:
        volume: the files.
        now: returns the present time.
    """

    def __init__(self, volume: DatabaseVolume, now: Callable[[], datetime]) -> None:
        self._volume = volume
        self._now = now

    def check(self) -> DataLost | None:
        """Check the database, which no Mosquitto uses; return what it lost, None if it is intact or was never saved.

        Raises:
            OSError: the volume cannot be written.
        """
        database = self._volume.database
        try:
            file = database.open("rb")
        except FileNotFoundError:
            return self._replace("the file is missing", None) if self._volume.sessions.exists() else None
        except OSError as error:
            return self._replace(f"it cannot be read: {error.strerror}", database.stat())
        with file:
            # A Mosquitto that starts meanwhile replaces the file; this one stays as it was.
            found = os.fstat(file.fileno())
            try:
                contents = self._checked(file)
            except DamagedError as error:
                return self._replace(error.message, found)
            except OSError as error:
                return self._replace(f"it cannot be read: {error.strerror}", found)
            logger.info("Mosquitto's database is intact: %s", contents)
            self._copy(file, contents)
        return None

    def copy_sessions(self) -> None:
        """Copy the sessions of the database; a damaged or missing one changes nothing.

        Raises:
            OSError: the volume cannot be written.
        """
        try:
            with self._volume.database.open("rb") as file:
                self._copy(file, self._checked(file))
        except (DamagedError, FileNotFoundError) as error:
            logger.warning("cannot copy the sessions in Mosquitto's database: %s", error)

    def _checked(self, file: BinaryIO) -> Contents:
        """Check a database, which must have sessions if the copy has some.

        A Mosquitto that has exited because of its database leaves one without sessions. In good order all of them end
        only if no client connects for 14 days.

        Raises:
            DamagedError: it is damaged.
            OSError: it cannot be read.
        """
        contents = check(file, os.fstat(file.fileno()).st_size)
        copied = _sessions(self._volume.sessions)
        if copied and not contents.counts[Kind.SESSION]:
            raise DamagedError(f"none of {copied} sessions is left", contents.size_bytes)
        return contents

    def _copy(self, database: BinaryIO, contents: Contents) -> None:
        self._volume.publish(self._volume.sessions, lambda target: write_sessions(database, contents, target))

    def _replace(self, reason: str, found: os.stat_result | None) -> DataLost:
        now = self._now()
        since = None if found is None else datetime.fromtimestamp(found.st_mtime, UTC)
        loss = DataLost(reason, now, since, self._volume.corrupt_name(now) if found else "")
        logger.error("Mosquitto's database is damaged: %s; kept as %s", reason, loss.kept or "nothing")
        # First, so that a kill after it does not hide the loss.
        self._volume.note_loss(loss)
        if not self._volume.is_replaced(found):
            self._volume.prune(MAX_KEPT - 1)
            self._volume.set_aside(loss.kept, self._replacement())
        return loss

    def _replacement(self) -> Path | None:
        """Return a draft of the database with what is left; None if nothing is left, or the volume is full."""
        database = self._volume.database
        for source in (database, None):
            try:
                if source is not None:
                    self._volume.require_room(source.stat().st_size)
                return self._verified(source)
            except (DamagedError, OSError) as error:
                name = "the damaged database" if source else "the copy of its sessions"
                logger.warning("cannot use %s: %s", name, error)
        return None

    def _verified(self, source: Path | None) -> Path:
        sessions = self._volume.sessions
        copy = sessions if _sessions(sessions) else None
        draft = write_draft(self._volume.database, lambda file: write_replacement(source, copy, file))
        try:
            with draft.open("rb") as file:
                logger.warning("the replacement has %s", self._checked(file))
        except DamagedError:
            draft.unlink()
            raise
        return draft


def _sessions(copy: Path) -> int:
    """Return the number of sessions in the copy; 0 if there is none, or it is damaged."""
    try:
        with copy.open("rb") as file:
            return check(file, os.fstat(file.fileno()).st_size).counts[Kind.SESSION]
    except (DamagedError, OSError):
        return 0
