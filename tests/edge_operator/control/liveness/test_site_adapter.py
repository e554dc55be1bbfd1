"""What a message from a broker is taken for, and what is taken over of a device's status."""

from typing import Any

import pytest

from edge_liveness import Phase, SiteLiveness
from edge_operator.control.liveness.site_adapter import SiteLivenessAdapter
from edge_wire.messages import MalformedError
from tests.edge_operator.control.samples import Time, device, message, site

KINDS = {
    "activity": ("edge/activity", b'{"source": "processor", "ages": {}, "queue_lag_seconds": 0}'),
    "boot": ("edge/broker/boot", b"a1"),
    "uptime": ("$SYS/broker/uptime", b"42 seconds"),
    "component": ("edge/status/processor", b'{"component": "processor", "status": "online"}'),
    "cleared": ("devices/pump/status", b""),
    "status": ("devices/pump/status", b"online"),
}


@pytest.mark.parametrize(("kind", "topic", "payload"), [(kind, *case) for kind, case in KINDS.items()], ids=KINDS)
def test_kind_of_a_message(kind: str, topic: str, payload: bytes) -> None:
    assert SiteLivenessAdapter(site(), Time().clocks).on_message(message(topic, payload)) == kind


def test_boot_that_was_cleared_is_none() -> None:
    assert SiteLivenessAdapter(site(), Time().clocks).on_message(message("edge/broker/boot", b"")) == "boot"


@pytest.mark.parametrize(("retain", "phase"), [(False, Phase.ONLINE), (True, Phase.UNKNOWN)], ids=["now", "retained"])
def test_word_that_the_broker_had_kept_is_no_sign_of_life(phase: Phase, *, retain: bool) -> None:
    life = SiteLivenessAdapter(site(), Time().clocks)
    life.put(device())
    life.on_connected()
    life.on_message(message("devices/pump/status", b"online", retain=retain))
    known = life.known("pump")
    assert known is not None
    assert known.phase is phase


BOOTS = {"another": (b"a2", True), "the same": (b"a1", False), "cleared": (b"", False)}


@pytest.mark.parametrize(("payload", "restarted"), BOOTS.values(), ids=BOOTS)
def test_will_from_before_a_restart_of_the_broker_is_dropped(payload: bytes, *, restarted: bool) -> None:
    time = Time()
    life = SiteLivenessAdapter(site(), time.clocks)
    life.put(device())
    life.on_connected()
    for topic, each in (
        ("edge/broker/boot", b"a1"),
        ("devices/pump/status", b"online"),
        ("devices/pump/status", b"offline"),
        ("edge/broker/boot", payload),
    ):
        life.on_message(message(topic, each))
    time.at += 10.0
    life.tick()
    known = life.known("pump")
    assert known is not None
    assert known.phase is (Phase.ONLINE if restarted else Phase.OFFLINE)


def test_uptime_of_the_broker_decides_what_of_the_retained_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    time, taken = Time(), list[tuple[float, float]]()
    monkeypatch.setattr(SiteLiveness, "on_uptime", lambda _, at, uptime: taken.append((at, uptime)))
    SiteLivenessAdapter(site(), time.clocks).on_message(message("$SYS/broker/uptime", b"42 seconds", retain=True))
    assert taken == [(time.at, 42.0)]


def test_device_is_restored_from_its_status() -> None:
    time = Time()
    life = SiteLivenessAdapter(site(), time.clocks)
    told = {"reason": "LastWill", "sinceTime": time.text(900.0), "lastSeenTime": time.text(890.0), "session": "7"}
    reported = {"model": "x", "firmware": "2"}
    life.put(device(status={"phase": "Offline", "connectivity": told, "reported": reported}))
    known = life.known("pump")
    assert known is not None
    assert (known.phase, known.reason.value, known.session) == (Phase.OFFLINE, "LastWill", "7")
    assert known.since == pytest.approx(900.0, abs=1)
    assert known.seen == pytest.approx(890.0, abs=1)
    assert tuple(known.reported) == (("firmware", "2"), ("model", "x"))


def test_device_without_reported_values_is_restored_as_well() -> None:
    time = Time()
    life = SiteLivenessAdapter(site(), time.clocks)
    life.put(device(status={"phase": "Offline", "connectivity": {"reason": "LastWill", "sinceTime": time.text(900.0)}}))
    known = life.known("pump")
    assert known is not None
    assert (known.phase, tuple(known.reported)) == (Phase.OFFLINE, ())


@pytest.mark.parametrize("reason", ["NotYetSeen", "CredentialsPending", "Disabled"])
def test_device_without_a_message_is_so_since_the_time_in_its_status(reason: str) -> None:
    time = Time()
    life = SiteLivenessAdapter(site(), time.clocks)
    told: dict[str, Any] = {"reason": reason, "sinceTime": time.text(900.0)}
    life.put(device(status={"phase": "Unknown", "connectivity": told}))
    known = life.known("pump")
    assert known is not None
    assert known.phase is Phase.PENDING
    assert known.since == pytest.approx(900.0, abs=1)


@pytest.mark.parametrize("topic", ["devices/~gateway/status", "devices/pump/data", "edge/activity/request", ""])
def test_topic_that_is_not_expected_is_named(topic: str) -> None:
    with pytest.raises(MalformedError, match=f"the topic {topic!r} is not one of devices/{{id}}/status, ") as error:
        SiteLivenessAdapter(site(), Time().clocks).on_message(message(topic, b"online"))
    assert error.value.reason == "topic"
