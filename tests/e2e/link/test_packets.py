"""What the link reads of packets and writes itself: kernels take nothing with a wrong checksum."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.link.packets import (
    ACK,
    FIN,
    RST,
    SYN,
    Segment,
    checksum,
    parse,
    reset_to_receiver,
    reset_to_sender,
    with_ports,
)
from tests.support.link.state import DELAY_SECONDS, Packet, State, Wire

NEAR, FAR = bytes([198, 18, 0, 1]), bytes([198, 18, 0, 2])
IMPOSTOR = 4433


def segment(flags: int, payload: bytes = b"", *, to_far: bool = True, ports: tuple[int, int] = (40000, 443)) -> bytes:
    source, destination = (NEAR, FAR) if to_far else (FAR, NEAR)
    tcp = struct.pack("!2H2I2B3H", *ports, 1000, 2000, 5 << 4, flags, 512, 0, 0) + payload
    total = checksum(source + destination + struct.pack("!2H", 6, len(tcp)) + tcp)
    tcp = tcp[:16] + struct.pack("!H", total) + tcp[18:]
    ip = struct.pack("!2B3H2BH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + source + destination
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp


def is_sound(packet: bytes) -> bool:
    pseudo = packet[12:20] + struct.pack("!2H", 6, len(packet) - 20)
    return checksum(packet[:20]) == 0 and checksum(pseudo + packet[20:]) == 0


def parsed(packet: bytes) -> Segment:
    found = parse(packet)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("flags", "payload", "seq", "acknowledged", "reset"),
    [
        pytest.param(SYN, b"", 0, 1001, RST | ACK, id="a SYN"),
        pytest.param(ACK, b"abc", 2000, 0, RST, id="data"),
        pytest.param(0, b"abc", 0, 1003, RST | ACK, id="data without ACK"),
        pytest.param(FIN, b"", 0, 1001, RST | ACK, id="a FIN without ACK"),
    ],
)
def test_a_reset_is_one_that_the_sender_accepts(
    flags: int, payload: bytes, seq: int, acknowledged: int, reset: int
) -> None:
    packet = reset_to_sender(parsed(segment(flags, payload)))
    found = parsed(packet)
    assert (found.source, found.destination, found.source_port, found.destination_port) == (FAR, NEAR, 443, 40000)
    assert (found.seq, found.acknowledged, found.flags) == (seq, acknowledged, reset)
    assert is_sound(packet)


def test_a_reset_to_the_receiver_has_the_sequence_number_that_it_waits_for() -> None:
    packet = reset_to_receiver(parsed(segment(ACK, b"abc")))
    found = parsed(packet)
    assert (found.source, found.destination_port, found.seq, found.flags) == (NEAR, 443, 1000, RST)
    assert is_sound(packet)


@given(payload=st.binary(max_size=50), source=st.integers(1, 65535), destination=st.integers(1, 65535))
def test_a_packet_with_other_ports_is_sound(payload: bytes, source: int, destination: int) -> None:
    packet = segment(ACK, payload)
    changed = with_ports(packet, parsed(packet), source, destination)
    assert is_sound(changed)
    assert with_ports(changed, parsed(changed), 40000, 443) == packet


@given(st.binary(max_size=60))
def test_any_bytes_are_no_error(content: bytes) -> None:
    parse(content)


def carried(wire: Wire, content: bytes, *, is_to_far: bool = True) -> list[Packet]:
    return list(wire.carry(content, is_to_far=is_to_far))


@pytest.mark.parametrize(
    ("state", "to_far", "to_near"),
    [
        (State.UP, True, True),
        (State.BLACK_HOLE, False, False),
        (State.HALF_OPEN, True, False),
        (State.DELAY, True, True),
    ],
)
def test_directions(state: State, to_far: bool, to_near: bool) -> None:  # noqa: FBT001 - cells of the table
    wire, delay = Wire(IMPOSTOR, state=state), DELAY_SECONDS if state is State.DELAY else 0.0
    out, back = segment(ACK, b"a"), segment(ACK, b"b", to_far=False, ports=(443, 40000))
    assert carried(wire, out) == ([Packet(out, is_to_far=True, after_seconds=delay)] if to_far else [])
    assert carried(wire, back, is_to_far=False) == (
        [Packet(back, is_to_far=False, after_seconds=delay)] if to_near else []
    )


def test_one_packet_in_a_hundred_is_lost() -> None:
    wire, packet = Wire(IMPOSTOR, state=State.LOSS), segment(ACK, b"a")
    wire.dice.seed(1)
    arrived = sum(len(carried(wire, packet)) for _ in range(20_000))
    assert 19_700 < arrived < 19_900


def test_a_connection_of_before_is_reset_and_a_new_one_reaches_the_impostor() -> None:
    wire = Wire(IMPOSTOR)
    wire.enter(State.OTHER_CERTIFICATE)
    old = carried(wire, segment(ACK, b"a"))
    assert [(parsed(each.content).flags & RST, each.is_to_far) for each in old] == [(RST, False), (RST, True)]
    (new,) = carried(wire, segment(SYN, ports=(40001, 9093)))
    assert (parsed(new.content).destination_port, new.is_to_far) == (IMPOSTOR, True)
    (back,) = carried(wire, segment(SYN | ACK, to_far=False, ports=(IMPOSTOR, 40001)), is_to_far=False)
    assert parsed(back.content).source_port == 9093
