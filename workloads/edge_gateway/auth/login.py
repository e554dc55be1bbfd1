"""Checks a device's password with the broker, by a short MQTT session."""

import asyncio
import secrets
from dataclasses import dataclass
from pathlib import Path

from edge_service.address import BrokerAddress
from edge_service.mqtt import ConnectError, ConnectRefusedError, Login, Message, MqttOptions
from edge_service.mqtt.connection import Connection

ANSWER_SECONDS = 3.0
REFUSED = frozenset({0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C})
"""Reason codes of a CONNACK that refuse this login: unsupported version, client id not valid, bad username or password,
not authorised, banned, bad authentication method. With another one the broker did not check the login."""

_KEEPALIVE_SECONDS = 10
_MAX_STRING_BYTES = 0xFFFF


class BrokerUnavailableError(Exception):
    """The broker could not check a login."""


@dataclass(frozen=True, slots=True)
class BrokerLogin:
    """Tests logins on the broker's listener for components.

    It must not be a listener for devices: there the username is the client id, so a test would end the device's own
    session.

    Attributes:
        address: of that listener.
        client_id: prefix of the client ids of the tests, which no other client uses.
        credentials_dir: directory that may contain `ca.crt`, to verify the broker's certificate.
        answer_seconds: time within which the broker must answer.
    """

    address: BrokerAddress
    client_id: str
    credentials_dir: Path | None = None
    answer_seconds: float = ANSWER_SECONDS

    async def right(self, username: str, password: str) -> bool:
        """Return whether the broker accepts this login.

        Raises:
            BrokerUnavailableError: the broker cannot be reached, or does not answer.
        """
        if not (_is_mqtt_string(username) and _is_mqtt_string(password)):
            return False
        try:
            connection = self._connection(Login(username, password, self._authorities()))
            async with asyncio.timeout(self.answer_seconds):
                await connection.open()
        except ConnectRefusedError as error:
            if error.reason in REFUSED:
                return False
            raise self._away(error) from error
        except (ConnectError, TimeoutError) as error:
            raise self._away(error) from error
        await connection.close()
        return True

    def _connection(self, login: Login) -> Connection:
        # A client id for each: concurrent tests must not end each other's session.
        client_id = f"{self.client_id}-{secrets.token_hex(4)}"
        return Connection(MqttOptions(self.address, client_id, keepalive=_KEEPALIVE_SECONDS), login, _ignore)

    def _authorities(self) -> Path | None:
        authorities = self.credentials_dir / "ca.crt" if self.credentials_dir else None
        return authorities if authorities and authorities.exists() else None

    def _away(self, error: Exception) -> BrokerUnavailableError:
        return BrokerUnavailableError(f"broker {self.address} did not check a login: {str(error) or 'no answer'}")


def _is_mqtt_string(text: str) -> bool:
    try:
        return "\0" not in text and len(text.encode()) <= _MAX_STRING_BYTES
    except UnicodeEncodeError:
        return False


def _ignore(_message: Message) -> None:
    """Drop a message: the session has no subscriptions."""
