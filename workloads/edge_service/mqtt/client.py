"""Builds the paho client of one connection."""

import secrets
import ssl
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_service.mqtt.credentials import Login
from edge_service.mqtt.options import MqttOptions
from edge_service.mqtt.trust import trusted_context
from edge_service.peer import check_peer

CONNECT_SECONDS = 10.0
MAX_PACKET_ID = 65535


class _Client(paho.Client):
    """A client that starts with a random packet identifier.

    A durable session may contain an incomplete QoS 2 delivery of an earlier process, with which 1 may collide.
    """

    def __init__(self, client_id: str, *, manual_ack: bool) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=manual_ack,
        )
        self._last_mid = secrets.randbelow(MAX_PACKET_ID)


class _TlsSocket(ssl.SSLSocket):
    """A socket that closes if the handshake fails; paho would leave it open."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as in the base
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def build_client(options: MqttOptions, login: Login) -> paho.Client:
    """Return a client that is not connected yet.

    Raises:
        UntrustedError: the login's certificate authorities cannot be used.
    """
    client = _Client(options.full_client_id, manual_ack=options.manual_ack)
    client.max_inflight_messages_set(options.inflight)
    client.connect_timeout = CONNECT_SECONDS
    client.suppress_exceptions = False
    client.on_socket_open = _check_socket
    if login.username is not None:
        client.username_pw_set(login.username, login.password)
    if will := options.will():
        client.will_set(f"{options.prefix}{will.topic}", will.payload, will.qos, will.retain)
    if options.broker.tls:
        context = trusted_context(login)
        context.sslsocket_class = _TlsSocket
        client.tls_set_context(context)
    return client


def _check_socket(_client: paho.Client, _data: Any, opened: Any) -> None:
    """Refuse link-local addresses and metadata services before CONNECT is sent."""
    check_peer(opened)


def connect(client: paho.Client, options: MqttOptions) -> None:
    """Open the socket and send CONNECT. Blocks: for a thread.

    Raises:
        OSError: the broker cannot be reached, or its certificate is not trusted.
    """
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = options.session_expiry
    if options.receive_maximum:
        properties.ReceiveMaximum = options.receive_maximum
    client.connect(
        options.broker.host,
        options.broker.port,
        options.keepalive,
        clean_start=options.clean_start,
        properties=properties,
    )


def publish_properties(expiry: int | None) -> Properties | None:
    """Return the properties of a PUBLISH that expires after `expiry` seconds; None without expiry."""
    if expiry is None:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = expiry
    return properties
