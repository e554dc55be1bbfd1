"""Parses packets of a broker other than PUBLISH and an ordinary PUBACK."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from edge_mqtt5.answers import (
    DEFAULT_MAXIMUM_QOS,
    DEFAULT_RECEIVE_MAXIMUM,
    Answer,
    ConnAck,
    Disconnect,
    PingResp,
    PubAck,
    PubComp,
    PubRec,
    SubAck,
)
from edge_mqtt5.errors import FIRST_FAILURE, PROTOCOL_ERROR, ProtocolError
from edge_mqtt5.fields import (
    ACK_PROPERTIES,
    CONNACK_PROPERTIES,
    DISCONNECT_PROPERTIES,
    MAXIMUM_PACKET_SIZE_ID,
    MAXIMUM_QOS_ID,
    REASON_STRING_ID,
    RECEIVE_MAXIMUM_ID,
    RETAIN_AVAILABLE_ID,
    SERVER_KEEP_ALIVE_ID,
    read_properties,
)

_PUBACK, _PUBREC, _PUBCOMP = 0x40, 0x50, 0x70
_CONNACK, _SUBACK, _PINGRESP, _DISCONNECT = 0x20, 0x90, 0xD0, 0xE0

_NAMES = MappingProxyType(
    {0x20: "CONNACK", 0x40: "PUBACK", 0x50: "PUBREC", 0x70: "PUBCOMP", 0x90: "SUBACK", 0xD0: "PINGRESP"}
    | {0xE0: "DISCONNECT"}
)


def parse_answer(first: int, body: bytes) -> Answer:
    """Return a packet; `first` is its first byte, which has the packet type.

    Raises:
        ProtocolError: a broker must not send such a packet, or it is malformed.
    """
    parse = _PARSERS.get(first)
    if parse is None:
        raise ProtocolError(f"a packet that begins with {first:#04x}, which a broker must not send", PROTOCOL_ERROR)
    try:
        return parse(body)
    except ProtocolError as error:
        raise ProtocolError(f"{_NAMES[first]}: {error}", error.reason) from None
    except IndexError:
        raise ProtocolError(f"{_NAMES[first]} of {len(body)} bytes: too short") from None


def _conn_ack(body: bytes) -> ConnAck:
    if body[0] > 1:
        raise ProtocolError("its flags are not 0 or 1")
    found, stop = read_properties(body, 2, len(body), CONNACK_PROPERTIES)
    _check_end(body, stop)
    receive_maximum = _number(found, RECEIVE_MAXIMUM_ID, DEFAULT_RECEIVE_MAXIMUM)
    size = _number(found, MAXIMUM_PACKET_SIZE_ID, -1)
    if receive_maximum == 0 or size == 0:
        raise ProtocolError("its receive maximum or its maximum packet size is 0", PROTOCOL_ERROR)
    if body[0] and body[1] >= FIRST_FAILURE:
        raise ProtocolError("it refuses the client and resumes a session", PROTOCOL_ERROR)
    keepalive = _number(found, SERVER_KEEP_ALIVE_ID, -1)
    return ConnAck(
        session_present=bool(body[0]),
        reason=body[1],
        receive_maximum=receive_maximum,
        maximum_qos=min(_number(found, MAXIMUM_QOS_ID, DEFAULT_MAXIMUM_QOS), DEFAULT_MAXIMUM_QOS),
        maximum_packet_bytes=size if size > 0 else None,
        keepalive=keepalive if keepalive >= 0 else None,
        retain_available=bool(_number(found, RETAIN_AVAILABLE_ID, 1)),
    )


def _sub_ack(body: bytes) -> SubAck:
    packet_id = _packet_id(body)
    _, position = read_properties(body, 2, len(body), ACK_PROPERTIES)
    if position == len(body):
        raise ProtocolError("it has no reason codes")
    return SubAck(packet_id, tuple(body[position:]))


def _acknowledgement(make: Callable[[int, int], Answer]) -> Callable[[bytes], Answer]:
    def parse(body: bytes) -> Answer:
        packet_id = _packet_id(body)
        reason = body[2] if len(body) > 2 else 0  # noqa: PLR2004 - the reason follows the packet id
        if len(body) > 3:  # noqa: PLR2004 - the properties follow the reason
            _check_end(body, read_properties(body, 3, len(body), ACK_PROPERTIES)[1])
        return make(packet_id, reason)

    return parse


def _ping_resp(body: bytes) -> PingResp:
    _check_end(body, 0)
    return PingResp()


def _disconnect(body: bytes) -> Disconnect:
    if len(body) < 2:  # noqa: PLR2004 - without properties
        return Disconnect(body[0] if body else 0)
    found, stop = read_properties(body, 1, len(body), DISCONNECT_PROPERTIES)
    _check_end(body, stop)
    said = found.get(REASON_STRING_ID, b"")
    return Disconnect(body[0], said.decode(errors="replace") if isinstance(said, bytes) else "")


def _packet_id(body: bytes) -> int:
    packet_id = body[0] << 8 | body[1]
    if packet_id == 0:
        raise ProtocolError("its packet identifier is 0")
    return packet_id


def _number(found: Mapping[int, int | bytes], identifier: int, default: int) -> int:
    value = found.get(identifier, default)
    return value if isinstance(value, int) else default


def _check_end(body: bytes, stop: int) -> None:
    if stop != len(body):
        raise ProtocolError(f"{len(body) - stop} bytes follow its last field")


_PARSERS: Mapping[int, Callable[[bytes], Answer]] = MappingProxyType(
    {
        _CONNACK: _conn_ack,
        _SUBACK: _sub_ack,
        _PUBACK: _acknowledgement(PubAck),
        _PUBREC: _acknowledgement(PubRec),
        _PUBCOMP: _acknowledgement(PubComp),
        _PINGRESP: _ping_resp,
        _DISCONNECT: _disconnect,
    }
)
