"""Options of a session: broker, identity, durability, subscriptions, will."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from edge_service.address import BrokerAddress
from edge_service.mqtt.credentials import Login, read_login

RETAIN_HANDLING = MappingProxyType({"always": 0, "once": 1, "never": 2})
"""The subscription option of MQTT 5 (section 3.8.3.1) for each `replay`."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic filter.

    Attributes:
        topic: the filter, without the site's prefix.
        qos: maximum QoS of received messages.
        replay: when the broker sends retained messages: on each connect, only for a new subscription, or never.
        optional: whether the connection is kept if the broker refuses this subscription.
    """

    topic: str
    qos: int = 1
    replay: Literal["always", "once", "never"] = "always"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Will:
    """The message that the broker publishes if the connection ends without a DISCONNECT."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


def _no_will() -> None:
    return None


def dotted(prefix: str) -> str:
    """Return a prefix of topics as a prefix of client ids."""
    return prefix.replace("/", ".")


@dataclass(frozen=True, slots=True)
class MqttOptions:
    """Options of a session.

    Attributes:
        broker: address of the broker.
        client_id: without the site's prefix.
        credentials_dir: directory of the login, read on each connect; None is anonymous.
        login: overrides `credentials_dir`: a login that is not in files.
        read_login: called on each connect instead of reading `credentials_dir`; raises ConnectError.
        prefix: added to every topic and, with '.' for '/', to the client id, and removed from received topics.
        clean_start: whether to start with an empty session.
        session_expiry: seconds that the broker keeps the session after the connection has ended.
        receive_maximum: maximum number of unacknowledged received messages; bounds the memory of a slow receiver.
        manual_ack: PUBACK only when `Message.ack` is called.
        subscriptions: sent on every connect, even if the broker has resumed the session.
        will: called on each connect, as the will may identify the connection.
        keepalive: seconds; the connection ends if the broker is silent for 1.5 times as long.
        inflight: maximum number of unacknowledged sent messages; more messages wait in the client.
    """

    broker: BrokerAddress
    client_id: str
    credentials_dir: Path | None = None
    login: Login | None = None
    read_login: Callable[[], Login] | None = None
    prefix: str = ""
    clean_start: bool = True
    session_expiry: int = 0
    receive_maximum: int | None = None
    manual_ack: bool = False
    subscriptions: tuple[Subscription, ...] = ()
    will: Callable[[], Will | None] = _no_will
    keepalive: int = 15
    inflight: int = 100

    @property
    def full_client_id(self) -> str:
        """The client id with the site's prefix, without '/'.

        Some brokers' plug-ins reject such ids, or accept the client and drop what it publishes.
        """
        return f"{dotted(self.prefix)}{self.client_id}"

    def current_login(self) -> Login:
        """Return the login for the next connect.

        Raises:
            ConnectError: it cannot be read.
        """
        if self.login is not None:
            return self.login
        return read_login(self.credentials_dir) if self.read_login is None else self.read_login()
