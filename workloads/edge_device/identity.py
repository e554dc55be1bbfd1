"""Logins and brokers of the simulated devices."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from edge_device.settings import DeviceSettings
from edge_service.address import BrokerAddress
from edge_service.mqtt import ConnectError, Login, read_login
from edge_service.program import StartError


@dataclass(frozen=True, slots=True)
class Identity:
    """One device.

    Attributes:
        device_id: its id, which is its username.
        broker: where it connects.
        directory: its credentials, read again on each connect; None if `login` is given.
        login: its login, if that does not come from a directory.
    """

    device_id: str
    broker: BrokerAddress
    directory: Path | None
    login: Login | None


def identities(settings: DeviceSettings) -> tuple[Identity, ...]:
    """Return the identities of `settings.count` devices.

    Raises:
        StartError: there are fewer, or credentials are incomplete.
    """
    found = tuple(islice(_all(settings), settings.count))
    if len(found) < settings.count:
        raise StartError(f"there are credentials for {len(found)} devices, not for {settings.count}: lower --count")
    return found


def _all(settings: DeviceSettings) -> Iterator[Identity]:
    if settings.logins_file is not None:
        yield from _from_file(settings.logins_file, settings.broker)
    elif settings.edge_credentials_dir is not None:
        for directory in _directories(settings.edge_credentials_dir):
            yield _from_directory(directory, settings.broker)
    else:
        raise StartError("no credentials: give --credentials DIR (of a device's Secret) or --logins FILE")


def _directories(directory: Path) -> Iterator[Path]:
    """Yield `directory` if it is a device's, else its subdirectories that are."""
    if (directory / "username").exists():
        yield directory
        return
    try:
        inner = sorted(directory.iterdir())
    except OSError as error:
        raise StartError(f"the credentials in {directory} cannot be read: {error.strerror}") from error
    yield from (each for each in inner if (each / "username").exists())


def _from_directory(directory: Path, broker: BrokerAddress | None) -> Identity:
    try:
        username = read_login(directory).username
    except ConnectError as error:
        raise StartError(str(error)) from error
    if not username:
        raise StartError(f"{directory / 'username'} is empty")
    return Identity(username, broker or _address(directory), directory, None)


def _address(directory: Path) -> BrokerAddress:
    try:
        return BrokerAddress.parse((directory / "url").read_text())
    except (OSError, ValueError) as error:
        raise StartError(
            f"the broker's address in {directory / 'url'} cannot be used ({error}): give --broker"
        ) from error


def _from_file(path: Path, broker: BrokerAddress | None) -> Iterator[Identity]:
    if broker is None:
        raise StartError("--logins needs --broker, such as mqtt://gateway:1883")
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"the logins in {path} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        device_id, colon, password = line.strip().partition(":")
        if not device_id or not colon:
            raise StartError(f"line {number} of {path} must be deviceId:password")
        yield Identity(device_id, broker, None, Login(device_id, password))
