from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter

from edge_gateway.mqtt_handler import MqttHandler
from edge_service.mqtt import Message
from tests.edge_gateway.devices.tables import World
from tests.edge_wire.messages.statuses import WORDS, Word


class NoConnection:
    def acknowledge(self, mid: int, qos: int) -> bool:
        raise AssertionError(f"acknowledged {mid} ({qos}): the session does that itself")


class Given:
    def __init__(self) -> None:
        self.world = World()
        self.table = self.world.table
        self.answered: list[tuple[str, bytes]] = []
        self.told: list[object] = []
        self.registry = CollectorRegistry()
        dropped = Counter("dropped", "Dropped.", ("reason",), registry=self.registry)
        self.handler = MqttHandler(
            self.table,
            self.world.liveness,
            self.table.message_received,
            lambda *answer: self.answered.append(answer),
            self.told.append,
            dropped,
        )

    def take(self, topic: str, payload: Any, *, retain: bool = False) -> None:
        content = payload if isinstance(payload, bytes) else orjson.dumps(payload)
        self.handler.handle(Message(topic, content, 1, retain, dup=False, _connection=NoConnection(), _mid=1))

    def dropped(self, reason: str) -> float:
        return self.registry.get_sample_value("dropped_total", {"reason": reason}) or 0.0


def shown(given: Given, device_id: str) -> Any:
    device = given.table.get(device_id)
    return None if device is None else device.to_status()


@pytest.mark.parametrize(
    ("payload", "retain", "last_seen"),
    [
        ({"status": "online"}, False, "2026-01-31T12:00:00.000Z"),
        ({"status": "online"}, True, None),
        ({"status": "offline", "reason": "Disconnected"}, False, "2026-01-31T12:00:00.000Z"),
        ({"status": "offline", "reason": "LastWill"}, False, None),
        (b"offline", False, None),
        ({"status": "online", "last_seen": "2026-01-01T00:00:00Z"}, True, "2026-01-01T00:00:00.000Z"),
    ],
)
def test_a_fresh_message_of_the_device_proves_life_and_neither_replay_nor_will_does(
    payload: Any,
    retain: bool,  # noqa: FBT001
    last_seen: str | None,
) -> None:
    given = Given()
    given.take("devices/d1/status", payload, retain=retain)
    assert shown(given, "d1")["last_seen"] == last_seen


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("devices/~gateway/status", {"status": "online"}, "topic"),
        ("edge/roster/d1", [1], "type"),
        ("edge/roster/d1", {"presence": "Sometimes"}, "field"),
        ("edge/roster/d1", {"id": "d2"}, "impersonation"),
        ("edge/roster/~gateway", {}, "topic"),
        ("edge/broker/boot", b"\xff", "utf8"),
        ("edge/activity", {"ages": {}}, "field"),
        ("edge/activity", {"source": "x", "ages": {"d1": "now"}}, "type"),
        ("edge/status/storage", {"component": "storage"}, "field"),
    ],
)
def test_what_cannot_be_read_is_counted_and_changes_nothing(topic: str, payload: Any, reason: str) -> None:
    given = Given()
    given.take(topic, payload)
    assert given.dropped(reason) == 1.0
    assert len(given.table) == 0


@pytest.mark.parametrize("case", WORDS, ids=lambda case: case.payload.decode(errors="replace")[:40])
def test_words_of_a_status(case: Word) -> None:
    given = Given()
    given.take("devices/pump-1/status", {"status": "online", "type": "pump"})
    given.world.wait(301)
    assert shown(given, "pump-1")["status"] == "offline"
    given.take("devices/pump-1/status", case.payload)
    assert shown(given, "pump-1")["status"] == ("offline" if case.meaning == "offline" else "online")
    device = given.table.get("pump-1")
    assert device is not None
    document = device.to_object()
    assert document.get("reported_status", "") == case.word
    assert ("status_fault" in document) is (case.fault is not None)
    assert given.dropped(case.fault or "json") == (1.0 if case.fault else 0.0)
    if case.fault and not case.word and case.meaning == "alive":
        assert document["type"] == "pump", "what it said before stands"


def test_device_of_which_no_status_can_be_read_is_listed() -> None:
    given = Given()
    given.take("devices/d1/status", b"{")
    assert shown(given, "d1")["status"] == "online"
    given.take("devices/d2/status", b"{", retain=True)
    assert shown(given, "d2")["status"] == "unknown"


def test_cleared_status_is_no_heartbeat_and_changes_no_state() -> None:
    given = Given()
    given.take("edge/roster/d1", {})
    given.take("devices/d1/status", b"online")
    given.take("devices/d1/status", b"")
    assert shown(given, "d1")["status"] == "online"
    given.world.wait(301)
    given.take("devices/d1/status", b"")
    assert shown(given, "d1")["status"] == "offline"


def test_a_digest_says_who_was_active_when() -> None:
    given = Given()
    given.take("edge/roster/d1", {})
    ages = {"d1": 30, "d2": 1.5, "d3": -5, "d4": 1e300}
    given.take("edge/activity", {"source": "edge-processor", "ages": ages, "queue_lag_seconds": 30})
    assert shown(given, "d1")["last_seen"] == "2026-01-31T11:59:00.000Z"
    assert shown(given, "d2")["last_seen"] == "2026-01-31T11:59:28.500Z"
    assert shown(given, "d3")["last_seen"] == "2026-01-31T11:59:30.000Z"
    assert shown(given, "d4") is None


def test_a_reply_brings_no_deleted_device_back() -> None:
    given = Given()
    given.take("edge/roster/d1", {})
    reply = {"source": "x", "ages": {"d1": 60, "gone": 60}, "is_reply": True, "queue_lag_seconds": 0}
    given.take("edge/activity", reply)
    assert shown(given, "d1")["last_seen"] == "2026-01-31T11:59:00.000Z"
    assert shown(given, "gone") is None


def test_the_roster_says_how_long_a_device_may_be_silent() -> None:
    given = Given()
    given.take("edge/roster/d1", {"offline_after_seconds": 5, "type": "pump", "more": 1}, retain=True)
    given.take("edge/roster/~end", b"\xff")
    given.take("devices/d1/status", {"status": "online"})
    assert shown(given, "d1")["status"] == "online"
    given.world.wait(6)
    assert shown(given, "d1")["status"] == "offline"
    given.take("edge/roster/d1", b"")
    given.take("devices/d1/status", b"", retain=True)
    assert shown(given, "d1") is None
    assert given.dropped("utf8") == 0


def test_an_unavailable_processor_stops_the_clock() -> None:
    given = Given()
    given.take("devices/d1/status", {"status": "online"})
    given.take("edge/status/processor", {"component": "processor", "status": "offline"})
    given.world.wait(400)
    assert shown(given, "d1")["status"] == "online"
    given.take("edge/status/processor", {"component": "processor", "status": "online"})
    given.world.wait(301)
    assert shown(given, "d1")["status"] == "offline"


def test_a_processor_status_that_may_be_from_before_a_restart_stops_it_too() -> None:
    given = Given()
    given.take("devices/d1/status", {"status": "online"})
    given.take("edge/status/processor", {"component": "processor", "status": "online"}, retain=True)
    given.world.wait(400)
    assert shown(given, "d1")["status"] == "online"
    given.take("edge/activity", {"source": "processor", "ages": {}, "queue_lag_seconds": 0})
    given.world.wait(301)
    assert shown(given, "d1")["status"] == "offline"


@pytest.mark.parametrize(
    ("boot", "uptime", "status"),
    [
        pytest.param(b"first", b"600 seconds", "offline", id="it ran all the time"),
        pytest.param(b"first", b"3 seconds", "unknown", id="its agent has not told of its restart yet"),
        pytest.param(b"second", b"3 seconds", "unknown", id="it was restarted"),
        pytest.param(b"first", None, "unknown", id="it does not tell"),
    ],
)
def test_what_was_retained_while_nobody_listened_counts_if_the_broker_ran(
    boot: bytes, uptime: bytes | None, status: str
) -> None:
    """The boot id is retained as well: that it is the same does not say that the broker has not restarted."""
    given = Given()
    given.take("$SYS/broker/uptime", b"500 seconds", retain=True)
    given.take("edge/broker/boot", b"first", retain=True)
    given.take("devices/d1/status", {"status": "online"})
    given.world.liveness.lost()
    given.world.wait(60)
    given.table.begin_resync()
    if uptime is not None:
        given.take("$SYS/broker/uptime", uptime, retain=True)
    given.take("edge/broker/boot", boot, retain=True)
    given.take("devices/d1/status", {"status": "offline", "reason": "LastWill"}, retain=True)
    given.world.wait(5)
    assert shown(given, "d1")["status"] == status
    given.take("devices/d1/status", {"status": "online"})
    assert shown(given, "d1")["status"] == "online"


def test_a_retained_answer_is_no_sign_of_life() -> None:
    given = Given()
    given.take("devices/d1/command/ack", b"anything", retain=True)
    assert shown(given, "d1") is None
    given.take("devices/d1/command/ack", b"anything")
    assert shown(given, "d1")["status"] == "online"


REACHED = [{"name": "cloud", "connected": True}]


@pytest.mark.parametrize(
    ("sinks", "connected"),
    [
        (REACHED, True),
        ([{"name": "cloud", "connected": False}], False),
        ([{"name": "kafka", "connected": True}, 7], False),
        ({"cloud": True}, False),
        (None, False),
    ],
)
def test_the_processor_says_whether_it_reaches_the_cloud(sinks: Any, connected: bool) -> None:  # noqa: FBT001
    given = Given()
    given.take("edge/status/storage", {"component": "storage", "status": "online", "sinks": REACHED}, retain=True)
    assert given.handler.cloud_connected is False, "the store has no sinks"
    given.take("edge/status/processor", {"component": "processor", "status": "online", "sinks": sinks}, retain=True)
    assert given.handler.cloud_connected is connected
    given.take("edge/status/storage", {"component": "storage", "status": "online"})
    assert given.handler.cloud_connected is connected
    given.take("edge/status/processor", {"component": "processor", "status": "offline", "sinks": sinks})
    assert given.handler.cloud_connected is False


def test_answers_and_our_own_status_are_handed_on() -> None:
    given = Given()
    given.take("devices/d1/command/ack", b"anything")
    given.take("edge/status/gateway", {"component": "gateway", "status": "online", "connection": "c1"})
    assert given.answered == [("d1", b"anything")]
    assert given.told == ["c1"]


topics = st.sampled_from(
    [
        "devices/d1/status",
        "devices/d1/command/ack",
        "edge/roster/d1",
        "edge/broker/boot",
        "edge/activity",
        "edge/status/processor",
        "edge/status/storage",
        "edge/status/gateway",
    ]
) | st.text(max_size=30)


@given(topics, st.binary(max_size=100), st.booleans())
def test_g10_no_message_ends_the_gateway(topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001
    given_ = Given()
    given_.take(topic, payload, retain=retain)
    assert len(given_.table) <= 1
