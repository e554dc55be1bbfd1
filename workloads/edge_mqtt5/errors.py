"""The error of a stream that does not follow the protocol, and the reason codes of MQTT 5."""

from types import MappingProxyType

FIRST_FAILURE = 0x80
"""A reason code of this number or more is a failure."""

MALFORMED_PACKET, PROTOCOL_ERROR, PACKET_IDENTIFIER_NOT_FOUND, RECEIVE_MAXIMUM_EXCEEDED = 0x81, 0x82, 0x92, 0x93
"""Each is a reason code."""

TOPIC_ALIAS_INVALID, PACKET_TOO_LARGE, RETAIN_NOT_SUPPORTED, QOS_NOT_SUPPORTED = 0x94, 0x95, 0x9A, 0x9B
"""Each is a reason code."""

_NAMES = MappingProxyType(
    {
        0x00: "Success",
        0x01: "Granted QoS 1",
        0x02: "Granted QoS 2",
        0x04: "Disconnect with will message",
        0x10: "No matching subscribers",
        0x80: "Unspecified error",
        0x81: "Malformed packet",
        0x82: "Protocol error",
        0x83: "Implementation specific error",
        0x84: "Unsupported protocol version",
        0x85: "Client identifier not valid",
        0x86: "Bad user name or password",
        0x87: "Not authorized",
        0x88: "Server unavailable",
        0x89: "Server busy",
        0x8A: "Banned",
        0x8B: "Server shutting down",
        0x8C: "Bad authentication method",
        0x8D: "Keep alive timeout",
        0x8E: "Session taken over",
        0x8F: "Topic filter invalid",
        0x90: "Topic name invalid",
        0x91: "Packet identifier in use",
        0x92: "Packet identifier not found",
        0x93: "Receive maximum exceeded",
        0x94: "Topic alias invalid",
        0x95: "Packet too large",
        0x96: "Message rate too high",
        0x97: "Quota exceeded",
        0x98: "Administrative action",
        0x99: "Payload format invalid",
        0x9A: "Retain not supported",
        0x9B: "QoS not supported",
        0x9C: "Use another server",
        0x9D: "Server moved",
        0x9E: "Shared subscription not supported",
        0x9F: "Connection rate exceeded",
        0xA0: "Maximum connect time",
        0xA1: "Subscription identifiers not supported",
        0xA2: "Wildcard subscription not supported",
    }
)


def reason_name(code: int) -> str:
    """Return the name of a reason code, such as `Not authorized`; the number if it has none."""
    return _NAMES.get(code, f"reason code {code:#04x}")


class ProtocolError(Exception):
    """The broker sent something that MQTT 5 does not allow; the message names it. The connection cannot continue.

    Attributes:
        reason: the reason code for the DISCONNECT.
    """

    def __init__(self, message: str, reason: int = MALFORMED_PACKET) -> None:
        super().__init__(message)
        self.reason = reason
