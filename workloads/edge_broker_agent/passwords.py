"""Lines of Mosquitto's password file. Strict: Mosquitto 2.1 exits on one malformed line. Pure."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping

from edge_broker_agent.errors import RejectedError

ITERATIONS = 101

_HASH = rb"[A-Za-z0-9+/]{86}=="
_LINE = re.compile(
    # Few iterations suffice for generated passwords; many would block the broker's only thread at each login.
    rb"~?[A-Za-z0-9._-]{1,64}:\$7\$[1-9][0-9]{0,4}\$(?:[A-Za-z0-9+/]{16}|" + _HASH + rb")\$" + _HASH
)


def checked_lines(content: bytes) -> tuple[bytes, ...]:
    """Return the lines of a part of the password file.

    Raises:
        RejectedError: a line is malformed (`line`), or two have the same user (`duplicate`).
    """
    lines = content.removesuffix(b"\n").split(b"\n") if content else []
    for number, line in enumerate(lines, 1):
        if not _LINE.fullmatch(line):
            # The line is not shown: it may contain a plaintext password.
            raise RejectedError(
                "line",
                f"line {number} of `passwords` is not `user:$7$iterations$salt$hash`, as mosquitto_passwd writes it",
            )
    joined({"it": lines})
    return tuple(lines)


def joined(parts: Mapping[str, Iterable[bytes]]) -> bytes:
    """Return one password file of several parts, sorted by line: the order of the parts does not matter.

    Args:
        parts: the lines of each part, by its name in error messages.

    Raises:
        RejectedError: two lines have the same user (`duplicate`).
    """
    lines: list[bytes] = []
    places: dict[bytes, str] = {}
    for place, part in parts.items():
        for line in part:
            username = line.partition(b":")[0]
            if other := places.get(username):
                raise RejectedError(
                    "duplicate",
                    f"the user {username.decode()} is in {other} and in {place}; remove one of the two lines",
                )
            places[username] = place
            lines.append(line)
    return b"".join(line + b"\n" for line in sorted(lines))


def password_line(username: str, password: str, salt: bytes) -> bytes:
    """Return the password line of a login; `salt` has 12 bytes."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    hashed = base64.b64encode(digest).decode()
    return f"{username}:$7${ITERATIONS}${base64.b64encode(salt).decode()}${hashed}\n".encode()
