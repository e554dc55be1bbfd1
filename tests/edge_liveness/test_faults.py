"""Statuses with other words, and those that cannot be read: the device is alive, and the fault is shown."""

import math

import pytest

from edge_liveness import DeviceSettings, DeviceSnapshot, Phase, Presence, Reason, RestoredState, SiteLiveness
from edge_liveness.faults import MIN_SHOWN_SECONDS
from edge_wire.messages import DeviceStatus, StatusFault
from tests.edge_liveness.stories import CONNECTED, SITE

FAULT = StatusFault("json", "the payload is not JSON")
NOTHING: tuple[list[str], list[str]] = ([], [])


class Given:
    """A connected site with the device a."""

    def __init__(self, settings: DeviceSettings = CONNECTED, seed: RestoredState | None = None) -> None:
        self.site = SiteLiveness(SITE, 0.0)
        self.site.connected(0.0)
        self.site.put("a", 0.0, settings, seed)
        self.site.tick(0.0)

    def say(self, payload: bytes, at: float, *, retained: bool = False) -> Phase:
        self.site.status("a", DeviceStatus.read(payload, "a"), at, retained=retained)
        return self.tick(at)

    def tick(self, at: float) -> Phase:
        self.site.tick(at)
        return self.known().phase

    def known(self) -> DeviceSnapshot:
        known = self.site.known("a")
        assert known is not None
        return known

    def fault_reason(self) -> str | None:
        fault = self.known().fault
        return None if fault is None else fault.reason


@pytest.mark.parametrize("payload", [b"idle", b"1", b'{"status":"Standby"}', b"{", b"\xff", b'{"status":[]}', b"{}"])
@pytest.mark.parametrize("presence", Presence)
def test_every_status_but_offline_is_a_heartbeat(payload: bytes, presence: Presence) -> None:
    given = Given(DeviceSettings(100.0, presence))
    assert given.say(payload, 1.0) is Phase.ONLINE
    assert given.tick(100.0) is Phase.ONLINE
    assert given.say(payload, 100.5) is Phase.ONLINE
    assert given.tick(200.0) is Phase.ONLINE
    assert given.tick(201.0) is Phase.OFFLINE
    assert given.say(payload, 202.0, retained=True) is Phase.OFFLINE, "a retained one proves nothing"


def test_own_word_is_reported_until_the_device_is_online_or_offline() -> None:
    given = Given()
    given.say(b'{"status":"online","firmware":"1.2"}', 1.0)
    given.say(b"idle", 2.0)
    assert given.known().reported == (("firmware", "1.2"), ("status", "idle"))
    given.say(b"{", 3.0)
    assert given.known().reported == (("firmware", "1.2"), ("status", "idle")), "what cannot be read reports nothing"
    given.say(b"online", 4.0)
    assert given.known().reported == (("firmware", "1.2"),)
    given.say(b"idle", 5.0)
    given.say(b"offline", 6.0)
    assert given.known().reported == (("firmware", "1.2"),)


def test_own_word_is_one_of_the_session_that_the_device_has() -> None:
    given = Given()
    given.say(b'{"status":"online","session":"1"}', 1.0)
    given.say(b"idle", 2.0)
    assert given.known().session == "1"
    given.say(b'{"status":"idle","session":"2"}', 3.0)
    assert given.known().session == "2"
    given.say(b'{"status":"offline","session":"1"}', 4.0)
    assert given.tick(50.0) is Phase.ONLINE, "the will is of the session before"


def test_fault_is_shown_at_once_and_for_five_minutes_at_least() -> None:
    given = Given(DeviceSettings(10_000.0))
    given.say(b"{", 1.0)
    assert (given.fault_reason(), given.site.fault_changes()) == ("json", (["a"], []))
    given.say(b"[]", 2.0)
    assert (given.fault_reason(), given.site.fault_changes()) == ("type", NOTHING), "the newest is shown"
    given.say(b"online", 3.0)
    assert given.site.deadline() == 1.0 + MIN_SHOWN_SECONDS
    given.tick(MIN_SHOWN_SECONDS)
    assert given.known().fault is not None
    given.tick(1.0 + MIN_SHOWN_SECONDS)
    assert (given.known().fault, given.site.fault_changes()) == (None, ([], ["a"]))


def test_turns_of_readable_and_unreadable_statuses_change_it_once() -> None:
    given = Given(DeviceSettings(10_000.0))
    changes = 0
    for second in range(1, 1000):
        given.say(b"online" if second % 2 else b"{", float(second))
        new, ended = given.site.fault_changes()
        changes += len(new) + len(ended)
    # Whenever it has been shown for long enough it ends with a readable status, and begins again with the next one.
    assert changes <= 2 * math.ceil(1000 / MIN_SHOWN_SECONDS)
    assert given.known().fault is not None


def test_fault_that_lasts_is_not_ended() -> None:
    given = Given(DeviceSettings(10_000.0))
    given.say(b"{", 1.0)
    given.say(b"online", 2.0)
    given.say(b"{", 3.0)
    given.tick(1000.0)
    assert given.known().fault is not None
    given.say(b"online", 1001.0)
    assert given.known().fault is None


def test_fault_of_another_process_ends_with_the_next_readable_status() -> None:
    seed = RestoredState(Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, 0.0, fault=FAULT)
    given = Given(seed=seed)
    assert (given.known().fault, given.site.fault_changes()) == (FAULT, NOTHING)
    given.say(b"[]", 1.0, retained=True)
    assert given.site.fault_changes() == NOTHING, "it was reported before"
    given.say(b"online", 2.0)
    assert (given.known().fault, given.site.fault_changes()) == (None, ([], ["a"]))


def test_device_that_is_removed_has_no_fault() -> None:
    given = Given()
    given.say(b"{", 1.0)
    given.say(b"online", 2.0)
    given.site.remove("a")
    given.site.tick(1000.0)
    assert given.site.fault_changes() == (["a"], [])
    given.site.put("a", 1001.0, CONNECTED)
    given.tick(1001.0)
    assert given.known().fault is None
