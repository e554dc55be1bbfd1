"""The benchmarks' codec: packets are whole whatever the reads were cut into."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.path.wire import Connect, Decoder, Packets, Publish, pubacks, publish, receive_maximum
from benchmarks.wire_fleet import packet, text

MESSAGES = st.lists(
    st.tuples(st.text(max_size=20), st.integers(1, 65535), st.binary(max_size=300) | st.just(b"x" * 16_000)), max_size=8
)


def fed(stream: bytes, cuts: list[int]) -> Packets:
    decoder, whole = Decoder(), Packets()
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for begin, end in itertools.pairwise(edges):
        found = decoder.feed(stream[begin:end])
        whole.publishes += found.publishes
        whole.acknowledged += found.acknowledged
        whole.others += found.others
    return whole


@given(messages=MESSAGES, cuts=st.lists(st.integers(0, 200_000), max_size=20))
def test_published_messages_are_decoded(messages: list[tuple[str, int, bytes]], cuts: list[int]) -> None:
    stream = b"".join(publish(text(topic), number, payload) for topic, number, payload in messages)
    wanted = [Publish(topic.encode(), number.to_bytes(2, "big"), payload) for topic, number, payload in messages]
    assert fed(stream, cuts).publishes == wanted


@given(st.lists(st.integers(1, 65535), min_size=1, max_size=50), st.lists(st.integers(0, 200), max_size=5))
def test_acknowledgements_are_decoded(numbers: list[int], cuts: list[int]) -> None:
    stream = pubacks([Publish(b"", number.to_bytes(2, "big"), b"") for number in numbers])
    assert fed(stream, cuts).acknowledged == numbers


@pytest.mark.parametrize(
    ("properties", "most"),
    [pytest.param(b"", 65535, id="none"), pytest.param(b"\x22\0\x0a\x21\x03\xe8", 1000, id="Mosquitto's")],
)
def test_receive_maximum(properties: bytes, most: int) -> None:
    connack = packet(0x20, b"\0\0" + bytes((len(properties),)) + properties)
    ((_, body),) = fed(connack, []).others
    assert receive_maximum(body) == most


def test_connect_has_the_session() -> None:
    encoded = Connect("d1", "secret", clean=False, expiry_seconds=60).encode()
    assert encoded[0] == 0x10
    assert encoded[9] == 0b1100_0000
    assert b"\x11\0\0\0\x3c" in encoded
