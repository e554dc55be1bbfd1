"""The login for the cloud and its trusted authorities, from the mount point of a Secret that may change."""

import base64
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from edge_processor.sinks.cloud.https.failure import ConnectionFailedError

NAMES = ("token", "username", "password", "ca.crt")
"""Files of the directory that are used."""

_HIDDEN = "…"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request needs.

    Attributes:
        authorization: value of the header; None without a login.
        context: verifies the server's certificate.
        secrets: texts that no message may contain.
    """

    authorization: str | None = field(repr=False)
    context: ssl.SSLContext
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def hide(self, text: str) -> str:
        """Return `text` without secrets: a server may repeat what it received."""
        for secret in self.secrets:
            text = text.replace(secret, _HIDDEN)
        return text


class CredentialFiles:
    """The files of a directory.

    Args:
        directory: the mount point of a Secret; None for no login and the authorities of the system.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._seen = self._state()
        self._read: Credentials | None = None

    def has_changed(self) -> bool:
        """Return whether a file has changed since the last call: kubelet replaces a link to their directory."""
        before, self._seen = self._seen, self._state()
        if before == self._seen:
            return False
        self._read = None
        return True

    def read(self) -> Credentials:
        """Return the credentials of the files as they were when they last changed.

        Raises:
            ConnectionFailedError: they cannot be used.
        """
        if self._read is None:
            self._read = self._read_files()
        return self._read

    def _read_files(self) -> Credentials:
        texts = {name: self._text(name) for name in NAMES}
        context = self._context(texts["ca.crt"])
        if token := texts["token"]:
            return Credentials(f"Bearer {_of_header('token', token)}", context, (token,))
        if texts["username"] or texts["password"]:
            password = texts["password"]
            login = base64.b64encode(f"{texts['username']}:{password}".encode()).decode()
            return Credentials(f"Basic {login}", context, tuple(filter(None, (login, password))))
        return Credentials(None, context)

    def _context(self, authorities: str) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cadata=authorities or None)
        except (ssl.SSLError, ValueError) as error:
            raise ConnectionFailedError(f"the cloud's ca.crt has no valid certificates ({error}): correct it") from None

    def _text(self, name: str) -> str:
        if self._directory is None:
            return ""
        try:
            return (self._directory / name).read_text().strip()
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise ConnectionFailedError(f"cannot read the cloud's {name}: {reason}") from None

    def _state(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_state(self._directory / name) for name in NAMES) if self._directory else ()


def _of_header(name: str, text: str) -> str:
    """Return `text` if it can be a part of a header.

    Raises:
        ConnectionFailedError: it cannot.
    """
    if not text.isascii() or not text.isprintable():
        raise ConnectionFailedError(f"the cloud's {name} must be one line of printable ASCII characters: correct it")
    return text


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
