"""Packet identifiers, the window, acknowledgements, and the loss of a connection; the broker's side is a model."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_mqtt5 import Bulk, ConnAck, Outgoing, ProtocolError, PubComp, Publish, PubRec, Single, pubrel
from tests.edge_mqtt5.packets import decoded

ACCEPTED = ConnAck(session_present=False, reason=0, receive_maximum=20)


def sent(outgoing: Outgoing) -> list[Publish]:
    """Return the messages with QoS 1 that go out now."""
    return decoded(b"".join(outgoing.take())).publishes


def connected(window: int = 20, first_id: int = 1, limits: ConnAck = ACCEPTED) -> Outgoing:
    outgoing = Outgoing(first_id, window)
    outgoing.connected(limits)
    return outgoing


def numbered(count: int, first: int = 0) -> list[tuple[bytes, bytes]]:
    return [(b"t", b"%d" % number) for number in range(first, first + count)]


def ignore(_bulk: Bulk) -> None: ...


def numbers(publishes: list[Publish]) -> list[int]:
    return [int(payload) for _, payload, _, _ in publishes]


def single(qos: int = 1, settled: Callable[[int | None], None] = lambda _: None) -> Single:
    return Single(b"s", b"x", qos, settled)


@pytest.mark.parametrize(("window", "limit", "expected"), [(20, 20, 20), (5, 20, 5), (100, 20, 20), (20, 65_535, 20)])
def test_no_more_is_in_flight_than_the_broker_and_the_client_allow(window: int, limit: int, expected: int) -> None:
    outgoing = connected(window, limits=ConnAck(session_present=False, reason=0, receive_maximum=limit))
    outgoing.send_many(Bulk(numbered(50), ignore))
    first = sent(outgoing)
    assert numbers(first) == [*range(expected)]
    assert sent(outgoing) == []
    outgoing.acknowledged([each[3] for each in first[:3]])
    assert numbers(sent(outgoing)) == [expected, expected + 1, expected + 2]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=5), st.integers(1, 65_535), st.data())
def test_bulks_go_out_in_order_and_are_confirmed_in_order(
    counts: list[int], first_id: int, data: st.DataObject
) -> None:
    """Whatever the order of the acknowledgements: `confirmed` counts those at the beginning."""
    outgoing, bulks, all_sent, in_flight = connected(first_id=first_id), [], list[int](), dict[int, int]()
    first = 0
    for count in counts:
        bulks.append(Bulk(numbered(count, first), ignore))
        outgoing.send_many(bulks[-1])
        first += count
    acknowledged = set[int]()
    while len(acknowledged) < first:
        for _, payload, _, packet_id in sent(outgoing):
            assert packet_id not in in_flight
            in_flight[packet_id] = int(payload)
            all_sent.append(int(payload))
        assert len(in_flight) <= 20
        some = data.draw(st.lists(st.sampled_from(sorted(in_flight)), min_size=1, unique=True))
        outgoing.acknowledged(some)
        acknowledged |= {in_flight.pop(packet_id) for packet_id in some}
        begin = 0
        for bulk, count in zip(bulks, counts, strict=True):
            own = [number in acknowledged for number in range(begin, begin + count)]
            assert bulk.confirmed == (own.index(False) if False in own else count)
            begin += count
    assert all_sent == [*range(first)]
    assert all(bulk.is_complete for bulk in bulks)


def test_progress_is_reported_once_for_each_read() -> None:
    moved: list[int] = []
    outgoing = connected()
    outgoing.send_many(Bulk(numbered(10), lambda bulk: moved.append(bulk.confirmed)))
    packet_ids = [each[3] for each in sent(outgoing)]
    outgoing.acknowledged(packet_ids[:4])
    outgoing.acknowledged(packet_ids[4:])
    assert moved == [4, 10]


def test_a_refused_message_is_confirmed_and_named() -> None:
    outgoing, bulk = connected(), Bulk(numbered(4), ignore)
    outgoing.send_many(bulk)
    packet_ids = [each[3] for each in sent(outgoing)]
    outgoing.acknowledged([packet_ids[2] | 0x87 << 16, packet_ids[0] | 0x10 << 16, packet_ids[1]])
    assert (bulk.confirmed, bulk.refused) == (3, {2: 0x87})


def test_what_is_larger_than_the_broker_allows_is_refused_without_being_sent() -> None:
    moved: list[int] = []
    limits = ConnAck(session_present=False, reason=0, maximum_packet_bytes=100)
    outgoing = connected(limits=limits)
    bulk = Bulk([(b"t", b"0"), (b"t", b"x" * 100), (b"t", b"2")], lambda each: moved.append(each.confirmed))
    outgoing.send_many(bulk)
    publishes = sent(outgoing)
    assert numbers(publishes) == [0, 2]
    outgoing.acknowledged([each[3] for each in publishes])
    assert (bulk.confirmed, bulk.refused, moved[-1]) == (3, {1: 0x95}, 3)
    assert outgoing.send(Single(b"s", b"x" * 100, 1, lambda _: None)) == 0x95


def test_a_bulk_of_which_all_is_too_large_is_reported() -> None:
    moved: list[int] = []
    outgoing = connected(limits=ConnAck(session_present=False, reason=0, maximum_packet_bytes=50))
    outgoing.send_many(Bulk([(b"t", b"x" * 100)] * 3, lambda each: moved.append(each.confirmed)))
    assert sent(outgoing) == []
    assert moved == [3]


def test_what_the_broker_does_not_support_is_refused() -> None:
    outgoing = connected(limits=ConnAck(session_present=False, reason=0, maximum_qos=1, retain_available=False))
    assert outgoing.send(single(qos=2)) == 0x9B
    assert outgoing.send(Single(b"s", b"x", 1, lambda _: None, retain=True)) == 0x9A
    assert outgoing.send(single()) is None


@pytest.mark.parametrize("session_present", [True, False])
def test_after_a_loss_the_unacknowledged_messages_go_out_again(*, session_present: bool) -> None:
    """With the same packet identifiers and DUP only if the broker has resumed the session (MQTT 5, 4.4)."""
    outgoing, bulk = connected(), Bulk(numbered(30), ignore)
    outgoing.send_many(bulk)
    first = sent(outgoing)
    outgoing.acknowledged([first[0][3], first[1][3], first[5][3]])
    outgoing.lost()
    assert sent(outgoing) == []
    outgoing.connected(ConnAck(session_present=session_present, reason=0, receive_maximum=10))
    again = sent(outgoing)
    assert numbers(again) == [2, 3, 4, 6, 7, 8, 9, 10, 11, 12], "the smaller receive maximum holds for these as well"
    assert {each[2] for each in again} == {0x3A if session_present else 0x32}
    assert [each[3] for each in again] == [each[3] for each in first if int(each[1]) in numbers(again)]
    rest: list[int] = []
    while again:
        outgoing.acknowledged([each[3] for each in again])
        again = sent(outgoing)
        rest += numbers(again)
    assert rest == [*range(13, 30)]
    assert bulk.is_complete


def test_a_second_loss_repeats_what_had_not_gone_out_again() -> None:
    outgoing, bulk = connected(), Bulk(numbered(5), ignore)
    outgoing.send_many(bulk)
    sent(outgoing)
    for _ in range(2):
        outgoing.lost()
        outgoing.connected(ConnAck(session_present=True, reason=0, receive_maximum=2))
        assert numbers(sent(outgoing)) == [0, 1]


def test_single_messages_go_out_first_and_fail_at_a_loss() -> None:
    told: list[tuple[str, int | None]] = []
    outgoing = connected(window=1)
    outgoing.send_many(Bulk(numbered(2), ignore))
    for name in ("a", "b", "c"):
        outgoing.send(single(settled=lambda reason, name=name: told.append((name, reason))))  # type: ignore[misc]
    (first,) = sent(outgoing)
    assert first[0] == b"s"
    outgoing.acknowledged([first[3] | 0x10 << 16])
    sent(outgoing)
    outgoing.lost()
    assert told == [("a", 0x10), ("b", None), ("c", None)]
    outgoing.connected(ACCEPTED)
    assert numbers(sent(outgoing)) == [0], "the window is 1"


def exactly_once(outgoing: Outgoing, told: list[int | None]) -> int:
    """Send a message with QoS 2; return its packet identifier."""
    outgoing.send(single(qos=2, settled=told.append))
    packets = b"".join(outgoing.take())
    assert packets[0] == 0x34
    return int.from_bytes(packets[5:7], "big")


def test_qos_2_is_complete_with_the_pubcomp() -> None:
    told: list[int | None] = []
    outgoing = connected()
    packet_id = exactly_once(outgoing, told)
    assert outgoing.received(PubRec(packet_id, 0x10)) == pubrel(packet_id)
    assert told == []
    outgoing.completed(PubComp(packet_id, 0))
    assert told == [0x10]


def test_qos_2_that_is_refused_is_reported_and_needs_no_pubrel() -> None:
    told: list[int | None] = []
    outgoing = connected()
    assert outgoing.received(PubRec(exactly_once(outgoing, told), 0x87)) == b""
    assert told == [0x87]


def test_qos_2_shares_the_window() -> None:
    told: list[int | None] = []
    outgoing = connected(window=1)
    packet_id = exactly_once(outgoing, told)
    outgoing.send_many(Bulk(numbered(1), ignore))
    outgoing.received(PubRec(packet_id, 0))
    assert sent(outgoing) == []
    outgoing.completed(PubComp(packet_id, 0))
    assert numbers(sent(outgoing)) == [0]


def test_a_delivery_with_qos_2_that_was_cut_is_completed_and_its_identifier_not_used_meanwhile() -> None:
    """The broker would drop another message with QoS 2 and this identifier as a repetition."""
    told: list[int | None] = []
    outgoing = connected(first_id=65_535)
    packet_id = exactly_once(outgoing, told)
    assert packet_id == 1
    outgoing.lost()
    assert told == [None]
    assert outgoing.connected(ConnAck(session_present=True, reason=0, receive_maximum=65_535)) == pubrel(1)
    outgoing.send_many(Bulk([(b"t", b"0")] * 65_534, ignore))
    used = {each[3] for each in sent(outgoing)}
    assert 1 not in used
    outgoing.completed(PubComp(1, 0x92))
    outgoing.lost()
    assert outgoing.connected(ConnAck(session_present=True, reason=0)) == b""


def test_a_new_session_has_no_deliveries_to_complete() -> None:
    outgoing = connected()
    exactly_once(outgoing, [])
    outgoing.lost()
    assert outgoing.connected(ACCEPTED) == b""
    assert outgoing.connected(ConnAck(session_present=True, reason=0)) == b""


def test_a_pubrec_that_belongs_to_nothing_is_answered_so() -> None:
    assert connected().received(PubRec(9, 0)) == pubrel(9, 0x92)


def test_answers_that_belong_to_nothing_change_nothing() -> None:
    outgoing = connected()
    outgoing.acknowledged([5, 6 | 0x87 << 16])
    outgoing.completed(PubComp(7, 0))


def test_a_puback_for_another_kind_of_packet_is_an_error() -> None:
    outgoing = connected()
    packet_id = exactly_once(outgoing, [])
    with pytest.raises(ProtocolError, match="PUBACK"):
        outgoing.acknowledged([packet_id])
    with pytest.raises(ProtocolError, match="SUBACK"):
        outgoing.release_id(9)


def test_a_subscribe_has_an_identifier_of_its_own() -> None:
    outgoing = connected()
    packet_id = outgoing.reserve_id()
    outgoing.send_many(Bulk(numbered(3), ignore))
    assert packet_id not in {each[3] for each in sent(outgoing)}
    outgoing.release_id(packet_id)
