"""The login of a program on the broker, from the mount point of its Secret."""

from dataclasses import dataclass, field
from pathlib import Path

from edge_service.mqtt.errors import ConnectError


@dataclass(frozen=True, slots=True)
class Login:
    """Username, password and trusted certificate authorities.

    Attributes:
        username: without one the connection is anonymous.
        password: not part of `repr`.
        authorities: file of the trusted certificate authorities; None for those of the system.
        authorities_pem: the same as text, instead of a file.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    authorities: Path | None = None
    authorities_pem: str | None = None


def read_login(directory: Path | None) -> Login:
    """Return the login in `directory` as it is now: a Secret may change while the program runs.

    Raises:
        ConnectError: a file is missing or cannot be read.
    """
    if directory is None:
        return Login()
    authorities = directory / "ca.crt"
    try:
        return Login(
            username=(directory / "username").read_text().strip(),
            password=(directory / "password").read_text().strip(),
            authorities=authorities if authorities.exists() else None,
        )
    except (OSError, UnicodeDecodeError) as error:
        raise ConnectError(f"the login in {directory} cannot be read ({error}): set EDGE_CREDENTIALS_DIR") from error
