"""A login that is new in each version of the password file: it works only after Mosquitto has loaded that version."""

import secrets
from dataclasses import dataclass, field
from typing import Self

from edge_broker_agent.passwords import password_line

CANARY_USERNAME = "~mqtt.reload"
"""No ACL grants it a topic; device names contain no `~`, client names no dot."""

SALT_BYTES = 12


@dataclass(frozen=True, slots=True)
class CanaryLogin:
    """The canary login.

    Attributes:
        password: known only to this process.
        line: its line in the password file.
    """

    password: str = field(repr=False)
    line: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> Self:
        """Return a new login."""
        password = secrets.token_urlsafe(32)
        return cls(password, password_line(CANARY_USERNAME, password, secrets.token_bytes(SALT_BYTES)))
