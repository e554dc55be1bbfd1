"""How to log in to Kafka, from the mount point of the Secret."""

from dataclasses import dataclass, field
from pathlib import Path

FILES = ("username", "password", "ca.crt")

Stamp = tuple[tuple[int, int, int] | None, ...]
"""Modification time (nanoseconds), inode number and size (bytes) of each file; None for one that does not exist."""


class LoginError(Exception):
    """The files cannot be used; the message names the file and has no secret."""


@dataclass(frozen=True, slots=True)
class KafkaLogin:
    """SASL over TLS with a username, TLS with authorities only, plaintext without a directory.

    Attributes:
        username: for SASL SCRAM-SHA-512; None for no login.
        password: not part of `repr`.
        authorities: file of the trusted certificate authorities; None for those of the system.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    authorities: Path | None = None

    def settings(self) -> dict[str, str]:
        """Return the settings of librdkafka for this login."""
        if self.username is None and self.authorities is None:
            return {"security.protocol": "PLAINTEXT"}
        found = {"security.protocol": "SSL" if self.username is None else "SASL_SSL"}
        if self.authorities is not None:
            found["ssl.ca.location"] = str(self.authorities)
        if self.username is not None:
            found |= {"sasl.mechanism": "SCRAM-SHA-512", "sasl.username": self.username}
            found["sasl.password"] = self.password or ""
        return found


def stamp_of(directory: Path | None) -> Stamp:
    """Return a value that changes with each file in `directory`."""
    return tuple(_stamp(directory / name) if directory else None for name in FILES)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def read_login(directory: Path | None) -> KafkaLogin:
    """Return the login in `directory` as it is now: a Secret may change while the program runs.

    Raises:
        LoginError: a file cannot be read, only one of `username` and `password` exists, or there is no file: readings
            would be sent unencrypted although a login was configured.
    """
    if directory is None:
        return KafkaLogin()
    username, password = (_text(directory / name) for name in FILES[:2])
    if bool(username) != bool(password):
        lacking = "password" if username else "username"
        raise LoginError(f"{directory / lacking} is missing or empty: the Secret needs both username and password")
    authorities = directory / FILES[2]
    has_authorities = authorities.exists()
    if not username and not has_authorities:
        raise LoginError(
            f"{directory} has neither username and password nor ca.crt: create the Secret of the Kafka sink with them,"
            " or unset KAFKA_CREDENTIALS_DIR to connect without TLS"
        )
    return KafkaLogin(username or None, password or None, authorities if has_authorities else None)


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise LoginError(f"{path} cannot be read ({error}): correct the Secret of the Kafka sink") from error
