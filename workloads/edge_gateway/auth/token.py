"""A token of the site's API; its file is read again when it changes."""

import hmac
import logging
from pathlib import Path

logger = logging.getLogger(__name__)


class ApiToken:
    """The token of people and programs, or that of the cloud's commands.

    Args:
        path: its file; None if there is none: then no token matches.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._token = b""

    def matches(self, token: str) -> bool:
        """Return whether `token` is this one; compared in constant time."""
        self._refresh()
        shown = token.encode()
        # An empty file must not make an empty token match.
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
            # The kubelet may be replacing the Secret's volume: keep the previous token.
            logger.warning(
                "cannot read the API token file %s; still using the previous token: %s", self._path, error.strerror
            )
