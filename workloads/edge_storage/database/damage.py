"""Damage that is found in the database while the store runs."""

import logging
from pathlib import Path

from edge_storage.database.errors import CorruptDatabaseError

logger = logging.getLogger(__name__)


class Damage:
    """Whether the database was found to be damaged since the start. Any thread may use it.

    It stays until the end of the process: the next start sets the database aside, with all that was stored in it.

    Attributes:
        problem: what is damaged and what to do; None if nothing was found.

    Args:
        path: of the database.
    """

    def __init__(self, path: Path) -> None:
        self.problem: str | None = None
        self._path = path

    def found(self, error: CorruptDatabaseError) -> str:
        """Record and log the first damage, and return the problem."""
        if self.problem is None:
            self.problem = (
                f"{self._path} is damaged ({error}): nothing is stored until Kubernetes has restarted the store, which "
                "then renames and keeps the file, and continues with the sealed readings"
            )
            logger.error("%s", self.problem, exc_info=error)
        return self.problem
