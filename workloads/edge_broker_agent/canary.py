"""A login that is new in each version of the password file: who can log in with it is served by that version."""

import secrets
from dataclasses import dataclass, field
from typing import Self

from edge_broker_agent.passwords import password_line

CANARY_USERNAME = "~mqtt.reload"
"""No rule grants it a topic; no device has a name with `~`, no client one with a dot."""

SALT_BYTES = 12


@dataclass(frozen=True, slots=True)
class CanaryLogin:
    """The login.

    Attributes:
        password: known to this process alone.
        line: its line in the password file.
    """

    password: str = field(repr=False)
    line: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> Self:
        """Return one that never was."""
        password = secrets.token_urlsafe(32)
        return cls(password, password_line(CANARY_USERNAME, password, secrets.token_bytes(SALT_BYTES)))
