"""Packets of a broker as bytes, random ones too."""

from hypothesis import strategies as st

from edge_mqtt5 import Answer, ConnAck, Decoder, Disconnect, Packets, PingResp, PubComp, Publish, PubRec, SubAck
from edge_mqtt5.fields import binary, text, varint

topics = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0+#"), min_size=1, max_size=20)
ids = st.integers(1, 65_535)
reasons = st.sampled_from((0x00, 0x10, 0x80, 0x87, 0x97))


def packet(first: int, body: bytes) -> bytes:
    """Return a packet with its length."""
    return bytes((first,)) + varint(len(body)) + body


def properties(*encoded: bytes) -> bytes:
    """Return properties with their length."""
    joined = b"".join(encoded)
    return varint(len(joined)) + joined


publish_properties = st.lists(
    st.one_of(
        st.builds(lambda flag: b"\x01" + bytes((flag,)), st.integers(0, 1)),
        st.builds(lambda seconds: b"\x02" + seconds.to_bytes(4, "big"), st.integers(0, 2**32 - 1)),
        st.builds(lambda kind: b"\x03" + text(kind), topics),
        st.builds(lambda data: b"\x09" + binary(data), st.binary(max_size=300)),
        st.builds(lambda number: b"\x0b" + varint(number), st.integers(1, 268_435_455)),
        st.builds(lambda key, value: b"\x26" + text(key) + text(value), topics, topics),
    ),
    max_size=4,
    unique_by=lambda each: each[0] if each[0] not in {0x0B, 0x26} else each,
).map(lambda each: properties(*each))


@st.composite
def publishes(draw: st.DrawFn) -> tuple[bytes, Publish]:
    """Draw a PUBLISH, and what the decoder makes of it."""
    topic, payload, qos = draw(topics).encode(), draw(st.binary(max_size=400)), draw(st.integers(0, 1))
    first = 0x30 | qos << 1 | draw(st.booleans()) | (draw(st.booleans()) << 3 if qos else 0)
    number = draw(ids) if qos else 0
    body = binary(topic) + (number.to_bytes(2, "big") if qos else b"") + draw(publish_properties) + payload
    return packet(first, body), (topic, payload, first, number)


@st.composite
def pubacks(draw: st.DrawFn) -> tuple[bytes, int]:
    """Draw a PUBACK, and what the decoder makes of it."""
    number, reason = draw(ids), draw(reasons)
    tail = draw(st.sampled_from((bytes((reason,)), bytes((reason,)) + properties(b"\x1f" + text("no")))))
    return packet(0x40, number.to_bytes(2, "big") + (tail if reason else b"")), number | reason << 16


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, Answer]:
    """Draw another packet, and what the decoder makes of it."""
    number, reason = draw(ids), draw(reasons)
    head = number.to_bytes(2, "big")
    window = draw(ids)
    made: tuple[tuple[bytes, Answer], ...] = (
        (
            packet(0x20, b"\x01\x00" + properties(b"\x21" + window.to_bytes(2, "big"), b"\x13\x00\x1e")),
            ConnAck(session_present=True, reason=0, receive_maximum=window, keepalive=30),
        ),
        (packet(0x20, bytes((0, reason)) + properties()), ConnAck(session_present=False, reason=reason)),
        (packet(0x50, head + bytes((reason,))), PubRec(number, reason)),
        (packet(0x50, head), PubRec(number, 0)),
        (packet(0x70, head), PubComp(number, 0)),
        (packet(0x70, head + b"\x92\x00"), PubComp(number, 0x92)),
        (packet(0x90, head + properties() + bytes((1, reason))), SubAck(number, (1, reason))),
        (packet(0xD0, b""), PingResp()),
        (packet(0xE0, b""), Disconnect(0)),
        (packet(0xE0, b"\x8e" + properties(b"\x1f" + text("another"))), Disconnect(0x8E, "another")),
    )
    return draw(st.sampled_from(made))


streams = st.lists(st.one_of(publishes(), pubacks(), answers()), max_size=12)


def decoded(*pieces: bytes) -> Packets:
    """Return all packets of a stream that arrives in pieces."""
    decoder, whole = Decoder(), Packets()
    for piece in pieces:
        packets = decoder.feed(piece)
        whole.publishes += packets.publishes
        whole.acknowledged += packets.acknowledged
        whole.answers += packets.answers
    return whole
