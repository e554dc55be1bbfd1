"""Packets of a broker other than PUBLISH and an ordinary PUBACK, as objects."""

from dataclasses import dataclass

DEFAULT_RECEIVE_MAXIMUM = 65_535
"""Maximum number of unacknowledged messages of a broker that names none."""

DEFAULT_MAXIMUM_QOS = 2


@dataclass(frozen=True, slots=True)
class ConnAck:
    """The answer to CONNECT.

    Attributes:
        session_present: whether the broker has resumed a session.
        reason: the reason code.
        receive_maximum: maximum number of unacknowledged messages that the broker accepts.
        maximum_qos: the highest QoS that the broker accepts.
        maximum_packet_bytes: size of the largest packet that the broker accepts in bytes; None without a limit.
        keepalive: seconds that the broker asks for instead of those of the CONNECT; None if it accepts them.
        retain_available: whether the broker accepts retained messages.
    """

    session_present: bool
    reason: int
    receive_maximum: int = DEFAULT_RECEIVE_MAXIMUM
    maximum_qos: int = DEFAULT_MAXIMUM_QOS
    maximum_packet_bytes: int | None = None
    keepalive: int | None = None
    retain_available: bool = True


@dataclass(frozen=True, slots=True)
class SubAck:
    """The answer to SUBSCRIBE.

    Attributes:
        packet_id: of the SUBSCRIBE.
        reasons: a reason code for each filter, in their order.
    """

    packet_id: int
    reasons: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PubAck:
    """The answer to a PUBLISH with QoS 1 that has a `reason`, the reason code."""

    packet_id: int
    reason: int


@dataclass(frozen=True, slots=True)
class PubRec:
    """The first answer to a PUBLISH with QoS 2, with a `reason`, the reason code."""

    packet_id: int
    reason: int


@dataclass(frozen=True, slots=True)
class PubComp:
    """The answer to a PUBREL, with a `reason`, the reason code."""

    packet_id: int
    reason: int


@dataclass(frozen=True, slots=True)
class PingResp:
    """The answer to a PINGREQ."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The broker ends the connection.

    Attributes:
        reason: the reason code.
        text: what the broker adds; often empty.
    """

    reason: int
    text: str = ""


Answer = ConnAck | SubAck | PubAck | PubRec | PubComp | PingResp | Disconnect
