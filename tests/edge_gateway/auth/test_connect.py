import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from edge_gateway.auth.connect import REFUSED, connect_packet, parse_connack

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200)


def fields(packet: bytes) -> list[str]:
    """Return the strings of a CONNECT's payload, by the rules of MQTT 5."""
    assert packet[0] == 0x10
    length, shift, at = 0, 0, 1
    while True:
        length |= (packet[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not packet[at - 1] & 0x80:
            break
    assert len(packet) - at == length
    assert packet[at : at + 8] == b"\x00\x04MQTT\x05\xc2"
    at += 11
    found = []
    while at < len(packet):
        size = int.from_bytes(packet[at : at + 2], "big")
        found.append(packet[at + 2 : at + 2 + size].decode())
        at += 2 + size
    return found


@given(names, names, names)
def test_connect_says_who_it_is(client_id: str, username: str, password: str) -> None:
    assert fields(connect_packet(client_id, username, password, 10)) == [client_id, username, password]


@pytest.mark.parametrize("text", ["a" * 65536, "a\0b"])
def test_what_mqtt_cannot_carry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="MQTT string"):
        connect_packet("id", "name", text, 10)


@pytest.mark.parametrize(
    ("reason", "granted", "refused"),
    [(0x00, True, False), (0x86, False, True), (0x87, False, True), (0x88, False, False)],
)
def test_connack(reason: int, granted: bool, refused: bool) -> None:  # noqa: FBT001
    connack = parse_connack(b"\x20", bytes((0, reason, 0)))
    assert (connack.granted, connack.refused) == (granted, refused)


def test_reasons_that_refuse_are_reasons_of_a_connack() -> None:
    assert all(ReasonCode(PacketTypes.CONNACK, identifier=reason).is_failure for reason in REFUSED)


@given(st.just(b"\x20") | st.binary(min_size=1, max_size=1), st.binary(max_size=50))
def test_any_answer_is_a_connack_or_refused(fixed: bytes, body: bytes) -> None:
    if fixed != b"\x20" or len(body) < 2:
        with pytest.raises(ValueError, match="CONNACK"):
            parse_connack(fixed, body)
        return
    connack = parse_connack(fixed, body)
    assert connack.reason == body[1]
    assert not (connack.granted and connack.refused)
