"""The stream of a broker: whole, in pieces, malformed, and against paho, which encodes it."""

import gc
import random
import struct
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_mqtt5 import Decoder, ProtocolError, reason_name
from edge_mqtt5.fields import binary, text, varint
from tests.edge_mqtt5.packets import decoded, packet, properties, streams, topics

MEBIBYTE = 1024 * 1024
PUBLISH = packet(0x32, binary(b"devices/d1/data") + b"\x00\x07" + b"\x00" + b"{}")


@given(streams)
def test_all_packets_of_a_read_are_found_in_their_order(stream: list[tuple[bytes, object]]) -> None:
    packets = decoded(b"".join(encoded for encoded, _ in stream))
    expected = [each for _, each in stream]
    assert packets.publishes == [each for each in expected if isinstance(each, tuple)]
    assert packets.acknowledged == [each for each in expected if isinstance(each, int)]
    assert packets.answers == [each for each in expected if not isinstance(each, tuple | int)]


@given(streams, st.data())
def test_a_stream_that_is_cut_anywhere_has_the_same_packets(
    stream: list[tuple[bytes, object]], data: st.DataObject
) -> None:
    whole = b"".join(encoded for encoded, _ in stream)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    pieces = [whole[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert decoded(*pieces) == decoded(whole)


def test_a_stream_that_is_cut_at_every_byte_has_the_same_packets() -> None:
    long = packet(0x32, binary(b"a") + b"\x00\x01" + properties(b"\x26" + text("k") + text("v" * 200)) + b"x" * 20_000)
    stream = PUBLISH + long + b"\x40\x02\x00\x01" + b"\xd0\x00" + packet(0x40, b"\x00\x02\x87") + PUBLISH
    whole = decoded(stream)
    assert (len(whole.publishes), len(whole.acknowledged), len(whole.answers)) == (3, 2, 1)
    for cut in range(len(stream) + 1):
        assert decoded(stream[:cut], stream[cut:]) == whole
    assert decoded(*(stream[at : at + 1] for at in range(len(stream)))) == whole


paho_properties = st.fixed_dictionaries(
    {},
    optional={
        "MessageExpiryInterval": st.integers(0, 2**32 - 1),
        "PayloadFormatIndicator": st.integers(0, 1),
        "ContentType": topics,
        "ResponseTopic": topics,
        "CorrelationData": st.binary(max_size=50),
        "SubscriptionIdentifier": st.integers(1, 268_435_455),
        "UserProperty": st.tuples(topics, topics),
    },
)


@given(topics, st.binary(max_size=70_000), st.integers(0, 1), st.integers(0, 1), paho_properties)
def test_what_paho_encodes_is_decoded(
    topic: str, payload: bytes, qos: int, retain: int, named: dict[str, object]
) -> None:
    made: Any = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    for name, value in named.items():
        setattr(made, name, value)
    body = binary(topic.encode()) + (struct.pack("!H", 77) if qos else b"") + made.pack() + payload
    (found,) = decoded(packet(0x30 | qos << 1 | retain, body)).publishes
    assert found == (topic.encode(), payload, 0x30 | qos << 1 | retain, 77 if qos else 0)


MALFORMED = {
    "a length of five bytes": b"\x30\xff\xff\xff\xff\x01",
    "a length with a byte too many": b"\x30\x80\x00",
    "a topic beyond the end": packet(0x30, b"\x00\x09abc"),
    "a topic that ends within the next packet": packet(0x30, b"\x00\x04abc") + b"\xd0\x00",
    "no topic": packet(0x30, b"\x00\x00\x00x"),
    "no body": packet(0x30, b""),
    "no packet identifier": packet(0x32, b"\x00\x01a"),
    "packet identifier 0": packet(0x32, b"\x00\x01a\x00\x00\x00"),
    "no properties": packet(0x30, b"\x00\x01a"),
    "no properties, and more follows": packet(0x30, b"\x00\x01a") + PUBLISH,
    "properties beyond the end": packet(0x30, b"\x00\x01a\x05"),
    "an unknown property": packet(0x30, b"\x00\x01a\x02\x7f\x00"),
    "a property that a PUBLISH must not have": packet(0x30, b"\x00\x01a" + properties(b"\x21\x00\x01")),
    "a property twice": packet(0x30, b"\x00\x01a" + properties(b"\x01\x00", b"\x01\x00")),
    "half a property": packet(0x30, b"\x00\x01a" + properties(b"\x02\x00")),
    "half a user property": packet(0x30, b"\x00\x01a" + properties(b"\x26" + text("k"))),
    "a topic alias": packet(0x30, b"\x00\x01a" + properties(b"\x23\x00\x01")),
    "QoS 3": packet(0x36, b"\x00\x01a\x00\x01\x00"),
    "QoS 2": packet(0x34, b"\x00\x01a\x00\x01\x00"),
    "PUBACK with flags": packet(0x42, b"\x00\x01"),
    "PUBACK of one byte": packet(0x40, b"\x00"),
    "PUBACK for 0": packet(0x40, b"\x00\x00"),
    "PUBACK with a tail": packet(0x40, b"\x00\x01\x00\x00\x00"),
    "SUBACK without reasons": packet(0x90, b"\x00\x01\x00"),
    "CONNACK of one byte": packet(0x20, b"\x00"),
    "CONNACK with receive maximum 0": packet(0x20, b"\x00\x00" + properties(b"\x21\x00\x00")),
    "CONNACK that refuses and resumes": packet(0x20, b"\x01\x87\x00"),
    "PINGRESP with a body": packet(0xD0, b"\x00"),
    "PUBREL": packet(0x62, b"\x00\x01"),
    "CONNECT": packet(0x10, b""),
    "AUTH": packet(0xF0, b""),
    "type 0": packet(0x00, b""),
    "larger than allowed": b"\x30" + varint(5 * MEBIBYTE),
}


@pytest.mark.parametrize("stream", MALFORMED.values(), ids=MALFORMED)
def test_what_is_malformed_is_named(stream: bytes) -> None:
    with pytest.raises(ProtocolError) as told:
        decoded(stream)
    assert str(told.value)
    assert not reason_name(told.value.reason).startswith("reason code")


@given(st.binary(max_size=300))
def test_random_bytes_raise_a_protocol_error_or_nothing(stream: bytes) -> None:
    decoder = Decoder(max_packet_bytes=1000)
    with suppress(ProtocolError):
        decoder.feed(stream)
        decoder.feed(stream)


@given(streams, st.data())
def test_a_stream_with_changed_bytes_raises_a_protocol_error_or_nothing(
    stream: list[tuple[bytes, object]], data: st.DataObject
) -> None:
    changed = bytearray(b"".join(encoded for encoded, _ in stream))
    for at in data.draw(st.lists(st.integers(0, len(changed) - 1), max_size=4)) if changed else []:
        changed[at] = data.draw(st.integers(0, 255))
    with suppress(ProtocolError):
        decoded(bytes(changed))


def feed_all(decoder: Decoder, stream: bytes) -> None:
    """Feed a stream in reads of 64 KiB."""
    for at in range(0, len(stream), 65_536):
        decoder.feed(stream[at : at + 65_536])


def test_ten_megabytes_of_garbage_end_in_an_error_and_need_little_memory() -> None:
    garbage = random.Random(12).randbytes(10 * MEBIBYTE)
    gc.collect()
    tracemalloc.start()
    try:
        for begin in range(0, len(garbage), MEBIBYTE):
            with pytest.raises(ProtocolError):
                feed_all(Decoder(max_packet_bytes=MEBIBYTE), garbage[begin:])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 16 * MEBIBYTE, "one copy of the garbage, one packet and one read"


def test_a_large_packet_in_small_pieces_is_not_copied_for_each() -> None:
    """A quadratic decoder would copy 200 GB here and not end within the test's time limit."""
    stream = packet(0x30, binary(b"a") + b"\x00" + b"x" * (3 * MEBIBYTE))
    decoder = Decoder()
    found = [packets for at in range(0, len(stream), 24) if (packets := decoder.feed(stream[at : at + 24])).publishes]
    assert [len(packets.publishes[0][1]) for packets in found] == [3 * MEBIBYTE]


def test_an_endless_packet_is_refused_at_its_length() -> None:
    decoder = Decoder(max_packet_bytes=1000)
    with pytest.raises(ProtocolError, match="1001 bytes"):
        decoder.feed(b"\x30" + varint(1001))
