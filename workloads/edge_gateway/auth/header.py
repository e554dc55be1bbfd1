"""Reads the Authorization header. Pure."""

import base64
import binascii
from dataclasses import dataclass, field

MAX_CHARACTERS = 4096
"""Characters; tokens and passwords of ours have 43."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """The API token of a person or program."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Basic:
    """A device's id with its broker password."""

    username: str
    password: str = field(repr=False)


def parse_authorization(value: str) -> Bearer | Basic:
    """Return the credentials of an Authorization header.

    Raises:
        ValueError: the scheme is unknown, or the value does not match it; the message contains no secret.
    """
    if len(value) > MAX_CHARACTERS:
        raise ValueError(f"the Authorization header is longer than {MAX_CHARACTERS} characters")
    scheme, _, rest = value.strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() == "bearer":
        return _bearer(rest)
    if scheme.lower() == "basic":
        return _basic(rest)
    raise ValueError("the Authorization header must be 'Bearer <API token>' or 'Basic <device id:password in base64>'")


def _bearer(rest: str) -> Bearer:
    if not rest or not rest.isascii() or not rest.isprintable() or " " in rest:
        raise ValueError("the Authorization header has no token after 'Bearer'")
    return Bearer(rest)


def _basic(rest: str) -> Basic:
    wrong = ValueError("the Authorization header must have base64 of '<device id>:<password>' after 'Basic'")
    try:
        username, colon, password = base64.b64decode(rest.encode("ascii"), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeError) as error:
        raise wrong from error
    if not (username and colon and password):
        raise wrong
    return Basic(username, password)
