"""Credentials of an HTTP destination, from the mount point of a Secret; read again when a file changes."""

import asyncio
import base64
import re
from dataclasses import dataclass, field
from pathlib import Path

from edge_processor.delivery.destination import DeliveryError

FILES = ("token", "username", "password", "ca.crt")
CHECK_SECONDS = 1.0
"""Seconds between two checks while something waits for a change."""

_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
"""RFC 6750, section 2.1, with `=` anywhere."""

_Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class HttpCredentials:
    """What a destination must be shown, and which certificates it may show.

    Attributes:
        authorization: value of the header `Authorization`, not part of `repr`; None without one.
        authorities_pem: trusted certificate authorities in PEM; None for those of the system.
    """

    authorization: str | None = field(default=None, repr=False)
    authorities_pem: str | None = None


class CredentialFiles:
    """A directory with `token`, or `username` and `password`, and perhaps `ca.crt`; each file may be missing.

    Args:
        directory: None for no credentials.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._stamp: _Stamp | None = None

    def read(self) -> HttpCredentials:
        """Return the credentials as they are now.

        Raises:
            DeliveryError: a file cannot be read or used; the message names the file and has no part of its content.
        """
        self._stamp = self._stamp_now()
        if self._directory is None:
            return HttpCredentials()
        return HttpCredentials(self._authorization(self._directory), _text(self._directory / "ca.crt"))

    def has_changed(self) -> bool:
        """Return whether a file was changed, created or deleted since the last `read`, or nothing was read yet."""
        return self._stamp is None or self._stamp != self._stamp_now()

    async def changed(self) -> None:
        """Wait until a file is changed, created or deleted after the last `read`."""
        while not self.has_changed():  # noqa: ASYNC110 - files send no event
            await asyncio.sleep(CHECK_SECONDS)

    def _authorization(self, directory: Path) -> str | None:
        if token := _text(directory / "token"):
            if not _TOKEN.fullmatch(token):
                raise DeliveryError(f"{directory}/token is not a Bearer token: it must be one line without spaces")
            return f"Bearer {token}"
        username, password = _text(directory / "username"), _text(directory / "password")
        if username is None and password is None:
            return None
        if username is None or password is None:
            missing = "username" if username is None else "password"
            raise DeliveryError(f"{directory}/{missing} is missing: add it, or use `token` instead")
        return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()

    def _stamp_now(self) -> _Stamp:
        if self._directory is None:
            return ()
        return tuple(_stamp(self._directory / name) for name in FILES)


def _text(path: Path) -> str | None:
    """Return the content of a file without white space around it; None if there is no such file.

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


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Return what changes with the file behind a link of the kubelet; None if there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
