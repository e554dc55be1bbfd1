"""Credentials of an HTTP destination, from the mount point of a Secret; read again when a file changes."""

import asyncio
import base64
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from edge_processor.delivery.destination import DeliveryError

NAMES = ("token", "username", "password", "ca.crt")
"""Files of the directory that are used."""

CHECK_SECONDS = 0.5
"""Seconds between two checks while something waits for a change."""

_HIDDEN = "…"

FilesState = tuple[tuple[int, int, int] | None, ...]
"""What changes with the files."""


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
    """A directory with `token`, or `username` and `password`, and perhaps `ca.crt`; each file may be missing.

    Args:
        directory: the mount point of a Secret; None for no login and the authorities of the system.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._seen: FilesState | None = None
        self._read: Credentials | None = None

    def read(self) -> Credentials:
        """Return the credentials as they are now.

        Raises:
            DeliveryError: a file cannot be read or used; the message names the file and has no part of its content.
        """
        seen = self.state()
        if self._read is None or seen != self._seen:
            self._read, self._seen = None, seen
            self._read = self._read_files()
        return self._read

    def has_changed(self) -> bool:
        """Return whether a file was changed, created or deleted since the last `read`, or nothing was read yet."""
        return self._seen is None or self._seen != self.state()

    def state(self) -> FilesState:
        """Return the state of the files, for `changed`."""
        return tuple(_state(self._directory / name) for name in NAMES) if self._directory else ()

    async def changed(self, since: FilesState | None = None) -> None:
        """Wait until a file is changed, created or deleted: kubelet replaces a link to their directory.

        Args:
            since: of the files before; None for that of the last `read`, or as it is now without one.
        """
        before = next((each for each in (since, self._seen) if each is not None), self.state())
        while self.state() == before:  # noqa: ASYNC110 - files send no event
            await asyncio.sleep(CHECK_SECONDS)

    def _read_files(self) -> Credentials:
        if self._directory is None:
            return Credentials(None, ssl.create_default_context())
        context = _context(self._directory / "ca.crt")
        if token := _text(self._directory / "token"):
            if not token.isascii() or not token.isprintable() or " " in token:
                raise DeliveryError(f"{self._directory}/token must be one line of printable ASCII without spaces")
            return Credentials(f"Bearer {token}", context, (token,))
        username, password = _text(self._directory / "username"), _text(self._directory / "password")
        if username is None and password is None:
            return Credentials(None, context)
        if username is None or password is None:
            missing = "username" if username is None else "password"
            raise DeliveryError(f"{self._directory}/{missing} is missing: add it, or use `token` instead")
        login = base64.b64encode(f"{username}:{password}".encode()).decode()
        return Credentials(f"Basic {login}", context, (login, password))


def _context(authorities: Path) -> ssl.SSLContext:
    """Return what verifies certificates by the authorities in a file, or by those of the system without one.

    Raises:
        DeliveryError: the file cannot be used.
    """
    try:
        return ssl.create_default_context(cadata=_text(authorities))
    except (ssl.SSLError, ValueError) as error:
        raise DeliveryError(f"{authorities} holds no certificates that can be trusted: {error}") from None


def _text(path: Path) -> str | None:
    """Return the content of a file without white space around it; None if there is no such file, or nothing in it.

    Raises:
        DeliveryError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DeliveryError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        # Not `from`: the error has the content.
        raise DeliveryError(f"{path} is not text in UTF-8") from None


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
