"""The password file of Mosquitto: one line a login, PBKDF2-SHA512."""

import base64
import hashlib
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from edge_operator.identity import derive

ITERATIONS = 101
"""Few are enough: passwords have 256 bits, and the broker checks them on its only thread (0.12 ms each)."""

MAX_LINES = 16_384
"""Cached lines, about 0.7 KiB each: if one login changes, those of the others are not hashed again."""

_USERNAME = re.compile(r"~?[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Login:
    """A username with its password."""

    username: str
    password: str = field(repr=False)


def password_file(root: bytes, logins: Iterable[Login]) -> str:
    """Return the file's content: sorted by username, the same for the same logins.

    Raises:
        ValueError: a username that would break the file, or two logins with the same (Mosquitto 2.1 would quit).
    """
    lines: dict[str, str] = {}
    for login in sorted(logins, key=lambda each: each.username):
        if login.username in lines:
            raise ValueError(f"two logins have the username {login.username!r}")
        lines[login.username] = password_line(login, derive.salt(root, login.username, login.password))
    return "".join(f"{line}\n" for line in lines.values())


def usernames(content: str) -> frozenset[str]:
    """Return the usernames in the file's content."""
    return frozenset(line.partition(":")[0] for line in content.splitlines())


def without(content: str, revoked: Container[str]) -> str:
    """Return the file's content without the lines of `revoked`; every other line stays as it is."""
    return "".join(f"{line}\n" for line in content.splitlines() if line.partition(":")[0] not in revoked)


@lru_cache(maxsize=MAX_LINES)
def password_line(login: Login, salt: bytes) -> str:
    """Return one line, as `mosquitto_passwd` would write it: `user:$7$iterations$salt$hash`.

    Raises:
        ValueError: the username has a character that would break the file.
    """
    if not _USERNAME.fullmatch(login.username):
        raise ValueError(f"{login.username!r} cannot be a username: use 1 to 64 letters, digits, '.', '_' and '-'")
    digest = hashlib.pbkdf2_hmac("sha512", login.password.encode(), salt, ITERATIONS)
    return f"{login.username}:$7${ITERATIONS}${_base64(salt)}${_base64(digest)}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
