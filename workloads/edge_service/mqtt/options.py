"""How a session is to be: broker, identity, durability, subscriptions, will."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge_service.broker_address import BrokerAddress
from edge_service.mqtt.credentials import Login


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic filter.

    Attributes:
        topic: the filter, without the site's prefix.
        qos: the highest to receive with.
        replay: when retained messages are sent: at each connect, only when the broker did not know the subscription
            yet, or never.
        optional: whether the connection is of use where the broker refuses this one.
    """

    topic: str
    qos: int = 1
    replay: Literal["always", "once", "never"] = "always"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes if the connection ends without a goodbye."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


def _no_will() -> None:
    return None


@dataclass(frozen=True, slots=True)
class MqttOptions:
    """How a session is to be.

    Attributes:
        broker: where to connect.
        client_id: without the site's prefix.
        credentials_dir: directory of the login, read on each connect; None is anonymous.
        login: stands above `credentials_dir`: a login that does not come from files.
        prefix: put before every topic and the client id; taken from what arrives.
        clean_start: whether to begin with an empty session.
        session_expiry: seconds that the broker keeps the session when the connection is gone.
        receive_maximum: messages that may be unacknowledged at once; bounds what a slow receiver holds.
        manual_ack: PUBACK only when `Message.ack` is called.
        subscriptions: sent on every connect, whether or not the broker remembers them.
        will: asked for on each connect, as it may name the connection.
        keepalive: seconds; a broker that is silent for 1.5 times as long is taken for gone.
        inflight: messages sent and unacknowledged at once; further ones wait in the client.
    """

    broker: BrokerAddress
    client_id: str
    credentials_dir: Path | None = None
    login: Login | None = None
    prefix: str = ""
    clean_start: bool = True
    session_expiry: int = 0
    receive_maximum: int | None = None
    manual_ack: bool = False
    subscriptions: tuple[Subscription, ...] = ()
    will: Callable[[], Will | None] = _no_will
    keepalive: int = 15
    inflight: int = 100
