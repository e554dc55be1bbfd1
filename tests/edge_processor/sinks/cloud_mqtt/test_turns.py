"""Two lanes over one session: order, turns, the window; a session that the test acknowledges."""

from collections import deque
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_mqtt5 import Bulk
from edge_processor.delivery.destination import LaneName
from edge_processor.sinks.cloud.mqtt.turns import Message, Turns


class Session:
    """Takes messages, and acknowledges them as the test wants."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self._open: deque[Bulk] = deque()

    def publish_many(self, messages: Sequence[Message], moved: Callable[[Bulk], None]) -> Bulk:
        bulk = Bulk(messages, moved)
        self.messages += [payload for _, payload in messages]
        self._open.append(bulk)
        return bulk

    @property
    def unacknowledged(self) -> int:
        return sum(len(bulk.messages) - bulk.confirmed for bulk in self._open)

    def acknowledge(self, count: int, refused: bytes = b"") -> None:
        """Acknowledge the oldest messages; those with the payload `refused` get the reason code 0x87."""
        for _ in range(min(count, self.unacknowledged)):
            bulk = self._open[0]
            if bulk.messages[bulk.confirmed][1] == refused:
                bulk.refused[bulk.confirmed] = 0x87
            bulk.confirmed += 1
            if bulk.is_complete:
                self._open.popleft()
            bulk.moved(bulk)


def numbered(name: str, count: int) -> list[Message]:
    return [(b"t", f"{name}{number}".encode()) for number in range(count)]


def test_a_live_message_is_next_but_one_part_however_long_the_backlog_is() -> None:
    session = Session()
    turns = Turns(session.publish_many, lambda: 20)
    turns.send("backlog", numbered("old", 1000), lambda _: None)
    turns.send("live", numbered("new", 1), lambda _: None)
    assert b"new0" not in session.messages
    session.acknowledge(10)
    assert session.messages.index(b"new0") < 30


def test_a_backlog_gets_its_turn_however_much_is_live() -> None:
    session = Session()
    turns = Turns(session.publish_many, lambda: 20)
    turns.send("live", numbered("new", 1000), lambda _: None)
    turns.send("backlog", numbered("old", 1000), lambda _: None)
    while len(session.messages) < 1000:
        session.acknowledge(10)
    assert 400 < sum(each.startswith(b"old") for each in session.messages) < 600


def test_refused_messages_are_named_by_their_place_in_the_call() -> None:
    session, outcomes = Session(), list[dict[int, int]]()
    turns = Turns(session.publish_many, lambda: 4)
    turns.send("live", numbered("a", 10), outcomes.append)
    while session.unacknowledged:
        session.acknowledge(1, refused=b"a7")
    assert outcomes == [{7: 0x87}]


@pytest.mark.parametrize("window", [1, 2, 3, 65_535])
def test_every_window_delivers_all(window: int) -> None:
    session, outcomes = Session(), list[dict[int, int]]()
    turns = Turns(session.publish_many, lambda: window)
    turns.send("live", numbered("a", 100), outcomes.append)
    while session.unacknowledged:
        assert session.unacknowledged <= window
        session.acknowledge(1)
    assert session.messages == [payload for _, payload in numbered("a", 100)]
    assert outcomes == [{}]


@given(
    st.lists(
        st.tuples(st.sampled_from(["live", "backlog"]), st.integers(1, 60)) | st.integers(1, 40),
        min_size=1,
        max_size=40,
    ),
    st.integers(1, 50),
)
def test_each_lane_keeps_its_order_and_each_call_is_answered_once(
    steps: list[tuple[LaneName, int] | int], window: int
) -> None:
    session, answered = Session(), list[int]()
    turns = Turns(session.publish_many, lambda: window)
    sent: dict[LaneName, list[bytes]] = {"live": [], "backlog": []}
    calls = 0
    for step in steps:
        if isinstance(step, int):
            session.acknowledge(step)
            continue
        lane, count = step
        messages = numbered(f"{lane}-{calls}-", count)
        sent[lane] += [payload for _, payload in messages]
        turns.send(lane, messages, lambda _, call=calls: answered.append(call))  # type: ignore[misc]
        calls += 1
        assert session.unacknowledged <= window
    while session.unacknowledged:
        session.acknowledge(7)
    for lane, payloads in sent.items():
        assert [each for each in session.messages if each.startswith(lane.encode())] == payloads
    assert sorted(answered) == list(range(calls))
