"""The site's API token, read from its file again whenever that changes."""

import hmac
import logging
from pathlib import Path

logger = logging.getLogger(__name__)


class ApiToken:
    """The token that people and programs show.

    Args:
        path: its file; None where there is none, and then no token is right.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._token = b""

    def matches(self, token: str) -> bool:
        """Return whether `token` is the site's; the time taken says nothing of how much of it was right."""
        self._refresh()
        shown = token.encode()
        # Compared even where there is nothing to compare with: an empty file must not make an empty token right.
        return hmac.compare_digest(shown, self._token) and bool(self._token)

    def _refresh(self) -> None:
        if self._path is None:
            return
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
            if stamp != self._stamp:
                self._token = self._path.read_bytes().strip()
                self._stamp = stamp
        except OSError as error:
            # A Secret's volume is swapped while we look: what was read last stands.
            logger.warning(
                "cannot read the API token file %s; still using the previous token: %s", self._path, error.strerror
            )
