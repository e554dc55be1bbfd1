"""Packets of the client: decoded by paho and, for those that only a broker reads, byte by byte."""

from collections.abc import Iterator
from typing import Any

import paho.mqtt.client as paho
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_mqtt5 import PINGREQ, Connect, Filter, WillMessage, disconnect, pubacks, publish_head, pubrel, subscribe
from edge_mqtt5.fields import read_varint, varint
from tests.edge_mqtt5.packets import decoded, ids, topics


def body_of(encoded: bytes) -> bytes:
    """Return a packet's body; its length must be right."""
    length, position = read_varint(encoded, 1, len(encoded))
    assert position + length == len(encoded)
    return encoded[position:]


def paho_receives(encoded: bytes) -> paho.MQTTMessage:
    """Return the message that paho makes of a PUBLISH."""
    received: list[paho.MQTTMessage] = []
    client: Any = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)
    client.on_message = lambda _client, _data, message: received.append(message)
    client._in_packet = {"command": encoded[0], "packet": bytearray(body_of(encoded)), "pos": 0}  # noqa: SLF001
    client._in_packet["remaining_length"] = len(client._in_packet["packet"])  # noqa: SLF001
    client._handle_publish()  # noqa: SLF001
    (message,) = received
    return message


FLAGS = [(0, False, False), (0, True, False), *((1, retain, dup) for retain in (False, True) for dup in (False, True))]
"""QoS, RETAIN and DUP."""

expiries = st.one_of(st.none(), st.integers(1, 2**32 - 1))


@given(topics, st.binary(max_size=70_000), ids, st.sampled_from(FLAGS), expiries)
def test_paho_decodes_a_publish(
    topic: str, payload: bytes, packet_id: int, flags: tuple[int, bool, bool], expiry: int | None
) -> None:
    qos, retain, dup = flags
    number = packet_id if qos else 0
    head = publish_head(topic.encode(), len(payload), number, qos, retain=retain, dup=dup, expiry=expiry)
    message = paho_receives(head + payload)
    assert (message.topic, message.payload, message.mid) == (topic, payload, number)
    assert (message.qos, message.retain, message.dup) == (qos, retain, dup)
    assert getattr(message.properties, "MessageExpiryInterval", None) == expiry


@given(topics, st.binary(max_size=200), ids)
def test_what_is_encoded_is_decoded(topic: str, payload: bytes, packet_id: int) -> None:
    encoded = publish_head(topic.encode(), len(payload), packet_id) + payload
    assert decoded(encoded).publishes == [(topic.encode(), payload, 0x32, packet_id)]


@given(st.lists(ids, max_size=2000))
def test_many_pubacks_are_decoded(numbers: list[int]) -> None:
    assert decoded(pubacks(numbers)).acknowledged == numbers


@given(st.integers(0, 268_435_455))
def test_a_length_is_read_as_it_was_written(number: int) -> None:
    encoded = varint(number)
    assert read_varint(encoded, 0, len(encoded)) == (number, len(encoded))


def fields(connect: Connect) -> Iterator[Any]:
    """Yield the fields of a CONNECT (MQTT 5, 3.1)."""
    body = body_of(connect.encode())
    assert body[:7] == b"\x00\x04MQTT\x05"
    yield body[7]
    yield int.from_bytes(body[8:10], "big")
    size = body[10]
    yield body[11 : 11 + size]
    rest = body[11 + size :]
    while rest:
        length = int.from_bytes(rest[:2], "big")
        yield rest[2 : 2 + length]
        rest = rest[2 + length :]


def test_a_connect_has_all_its_fields() -> None:
    whole = Connect(
        "edge-processor",
        clean_start=False,
        session_expiry=7 * 86_400,
        receive_maximum=1000,
        max_packet_bytes=4096,
        keepalive=15,
        username="~processor",
        password="secret",
    )
    flags, keepalive, properties, *payload = fields(whole)
    assert (flags, keepalive) == (0xC0, 15)
    assert properties == b"\x11\x00\x09\x3a\x80" + b"\x21\x03\xe8" + b"\x27\x00\x00\x10\x00"
    assert payload == [b"edge-processor", b"~processor", b"secret"]
    assert "secret" not in repr(whole)


def test_a_connect_without_a_login_is_clean_and_has_none() -> None:
    flags, keepalive, properties, *payload = fields(Connect("c", keepalive=0))
    assert (flags, keepalive, properties, payload) == (0x02, 0, b"\x11\x00\x00\x00\x00", [b"c"])


@pytest.mark.parametrize(
    ("qos", "retain", "flags"), [(0, False, 0x06), (1, False, 0x0E), (1, True, 0x2E), (2, True, 0x36)]
)
def test_a_will_is_in_the_connect(qos: int, flags: int, *, retain: bool) -> None:
    body = body_of(Connect("c", will=WillMessage("t", b"bye", qos, retain)).encode())
    assert body[7] == flags
    assert body[16:] == b"\x00\x01c" + b"\x00" + b"\x00\x01t" + b"\x00\x03bye"


def test_short_packets() -> None:
    assert subscribe(7, [Filter("a/+", 1, 2), Filter("b", 0)]) == b"\x82\x0d\x00\x07\x00\x00\x03a/+\x21\x00\x01b\x00"
    assert pubrel(7) == b"\x62\x02\x00\x07"
    assert pubrel(7, 0x92) == b"\x62\x03\x00\x07\x92"
    assert disconnect() == b"\xe0\x00"
    assert disconnect(0x82) == b"\xe0\x01\x82"
    assert PINGREQ == b"\xc0\x00"


@pytest.mark.parametrize(
    "connect",
    [Connect("x" * 65_536), Connect("c", keepalive=65_536), Connect("c", session_expiry=-1), Connect("\ud800")],
    ids=["client id", "keepalive", "expiry", "no UTF-8"],
)
def test_what_does_not_fit_is_an_error(connect: Connect) -> None:
    with pytest.raises((ValueError, OverflowError)):
        connect.encode()
