"""A token of the site's API; its file is read again when it changes."""

import hmac
import logging
from pathlib import Path

logger = logging.getLogger(__name__)


class FileContent:
    """The content of a file that the kubelet may replace at any time.

    Args:
        path: the file; None if there is none: it is empty.
        what: what it is, for the log.
    """

    def __init__(self, path: Path | None, what: str) -> None:
        self._path = path
        self._what = what
        self._stamp: tuple[int, int, int] | None = None
        self._content = b""

    def read(self) -> bytes:
        """Return the content, read again if the file has changed."""
        if self._path is None:
            return b""
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
            if stamp != self._stamp:
                self._content = self._path.read_bytes()
                self._stamp = stamp
        except OSError as error:
            # The kubelet may be replacing the Secret's volume: keep the previous content.
            logger.warning(
                "cannot read %s %s; still using the previous content: %s", self._what, self._path, error.strerror
            )
        return self._content


class ApiToken:
    """The token of people and programs, or that of the cloud's commands.

    Args:
        path: its file; None if there is none: then no token matches.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = FileContent(path, "the API token file")

    def matches(self, token: str) -> bool:
        """Return whether `token` is this one; compared in constant time."""
        expected = self._file.read().strip()
        # An empty file must not make an empty token match.
        return hmac.compare_digest(token.encode("utf-8", "surrogatepass"), expected) and bool(expected)
