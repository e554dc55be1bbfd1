"""Checks a device's password with the broker, by a short login."""

import asyncio
import secrets
import ssl
from dataclasses import dataclass
from pathlib import Path

from edge_gateway.auth.connect import DISCONNECT, Connack, connect_packet, parse_connack
from edge_service.address import BrokerAddress

ANSWER_SECONDS = 3.0
_KEEPALIVE_SECONDS = 10
_MAX_CONNACK_BYTES = 64 * 1024


class BrokerAwayError(Exception):
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
    """

    address: BrokerAddress
    client_id: str
    credentials_dir: Path | None = None

    async def right(self, username: str, password: str) -> bool:
        """Return whether the broker accepts this login.

        Raises:
            BrokerAwayError: the broker cannot be reached, or does not answer.
        """
        try:
            # A client id for each: concurrent tests must not end each other's session.
            client_id = f"{self.client_id}-{secrets.token_hex(4)}"
            packet = connect_packet(client_id, username, password, _KEEPALIVE_SECONDS)
        except ValueError:
            return False
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                connack = await self._ask(packet)
        except (OSError, ValueError, EOFError) as error:
            raise BrokerAwayError(
                f"broker {self.address} did not check a login: {str(error) or 'no answer'}"
            ) from error
        if not connack.granted and not connack.refused:
            raise BrokerAwayError(f"broker {self.address} did not check a login: reason {connack.reason:#04x}")
        return connack.granted

    async def _ask(self, packet: bytes) -> Connack:
        context = self._trust() if self.address.tls else None
        reader, writer = await asyncio.open_connection(self.address.host, self.address.port, ssl=context)
        try:
            writer.write(packet)
            fixed = await reader.readexactly(1)
            connack = parse_connack(fixed, await reader.readexactly(await _remaining_length(reader)))
            if connack.granted:
                writer.write(DISCONNECT)
            return connack
        finally:
            writer.close()

    def _trust(self) -> ssl.SSLContext:
        authorities = self.credentials_dir / "ca.crt" if self.credentials_dir else None
        return ssl.create_default_context(cafile=authorities if authorities and authorities.exists() else None)


async def _remaining_length(reader: asyncio.StreamReader) -> int:
    length, shift = 0, 0
    while True:
        digit = (await reader.readexactly(1))[0]
        length |= (digit & 0x7F) << shift
        shift += 7
        if not digit & 0x80:
            break
        if shift > 21:  # noqa: PLR2004  # MQTT: at most four bytes
            raise ValueError("a packet's length is not readable")
    if length > _MAX_CONNACK_BYTES:
        raise ValueError("CONNACK is too long")
    return length
