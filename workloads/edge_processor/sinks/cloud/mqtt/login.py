"""The login on a broker in the cloud: anonymous, or by username and password."""

from pathlib import Path

from edge_service.mqtt import ConnectError, Login


def login_in(directory: Path | None) -> Login:
    """Return the login in a directory with `username` and `password`, `ca.crt`, or all of them, as it is now.

    Raises:
        ConnectError: a file cannot be read, there is one of username and password only, or there is no file: without
            them the connection would be anonymous although a login was configured.
    """
    if directory is None:
        return Login()
    username, password = _text(directory / "username"), _text(directory / "password")
    if (username is None) != (password is None):
        missing = "username" if username is None else "password"
        raise ConnectError(f"{directory / missing} is missing: add it to the Secret of the cloud")
    authorities = directory / "ca.crt"
    has_authorities = authorities.exists()
    if username is None and not has_authorities:
        raise ConnectError(
            f"{directory} has neither username and password nor ca.crt: create the Secret of the cloud, with username"
            " and password"
        )
    return Login(username, password, authorities if has_authorities else None)


def _text(path: Path) -> str | None:
    """Return the content of a file without white space around it; None if there is no such file.

    Raises:
        ConnectError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        # Not `from`: the error may have the content.
        raise ConnectError(f"{path} cannot be read: check the Secret of the cloud") from None
