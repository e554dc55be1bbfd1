"""What concerns a site as a whole: many wills at once, its broker, its counts and what it ignored."""

import pytest

from edge_liveness import Counts, DeviceSettings, Phase, Presence, Reason, RestoredState, SiteLiveness, SiteSettings
from edge_wire.messages import Activity, DeviceStatus
from tests.edge_liveness.stories import (
    CONNECTED,
    SITE,
    Play,
    Step,
    connected,
    digest,
    fleet,
    heard,
    lost,
    online,
    put,
    sign_off,
    will,
)


def wills(count: int, at: float, spread: float = 1.0) -> list[Step]:
    return [will(at + spread * number / count, "5", f"d{number}") for number in range(count)]


def test_many_wills_at_once_are_one_event_and_wait_longer() -> None:
    play = Play().run([*fleet(20), *wills(6, at=10), online(20, "6", "d0")], until=45)

    gone = [(at, device) for at, device, phase, _ in play.outcomes if phase == "Offline"]
    assert [device for _, device in gone] == ["d1", "d2", "d3", "d4", "d5"]
    assert all(40 <= at <= 41 for at, _ in gone)
    assert [devices for _, devices in play.events] == [6]


@pytest.mark.parametrize(
    ("size", "count", "spread", "is_mass"),
    [
        pytest.param(4, 4, 1.0, False, id="all four of a small site are too few"),
        pytest.param(5, 5, 1.0, True, id="all five are enough"),
        pytest.param(25, 5, 1.0, False, id="20 % are not more than 20 %"),
        pytest.param(25, 6, 1.0, True, id="more than 20 %"),
        pytest.param(25, 6, 12.0, False, id="but not within 2 s"),
        pytest.param(100, 20, 1.0, False, id="20 of 100"),
        pytest.param(100, 21, 1.0, True, id="21 of 100"),
    ],
)
def test_what_many_are(size: int, count: int, spread: float, *, is_mass: bool) -> None:
    play = Play().run([*fleet(size), *wills(count, 10, spread)], until=25)

    gone = [device for _, device, phase, _ in play.outcomes if phase == "Offline"]
    assert len(gone) == (0 if is_mass else count)
    assert bool(play.events) is is_mass


def test_one_device_that_flaps_is_not_many() -> None:
    flapping = [
        step for at in range(6) for step in (will(10 + at / 4, str(at), "d0"), online(10.1 + at / 4, str(at + 1), "d0"))
    ]
    play = Play().run([*fleet(5), online(9, "0", "d0"), *flapping], until=50)

    assert play.events == []


def test_a_broker_that_stops_is_no_mass_loss_though_it_sends_every_will() -> None:
    play = Play().run([*fleet(300), *wills(300, at=10, spread=0.2), lost(10.3), connected(20, "boot-2")], until=90)

    assert play.events == []
    assert not [each for each in play.outcomes if each[2] == "Offline"]


def test_transitions_say_whether_an_event_of_the_site_reports_them() -> None:
    site = Play().run([*fleet(30), will(20, "5", "d29"), *wills(20, at=30)], until=62).site

    site.disconnected(70)
    wide = {change.phase for change in site.tick(100) if change.is_site_wide}
    assert wide == {Phase.UNKNOWN}
    assert site.counts() == Counts(total=30, online=0, offline=21, unknown=9, pending=0, disabled=0)


def test_mass_wills_are_site_wide() -> None:
    play = Play().run([*fleet(5), *wills(5, at=10)], until=39)
    changes = play.site.tick(50)

    assert [(change.reason, change.is_site_wide) for change in changes] == [(Reason.LAST_WILL, True)] * 5
    assert all(10 <= change.since <= 11 for change in changes), "they are gone since the broker lost them"


def test_burst_is_reported_after_the_grace_of_a_will() -> None:
    play = Play().run([*fleet(5), *(will(10, "5", f"d{n}") for n in range(5))], until=20)

    assert play.events == [(13, 5)]


def test_burst_before_the_broker_was_lost_is_not_reported_after_it() -> None:
    steps = [*fleet(5), *(will(10, "5", f"d{n}") for n in range(5)), lost(11), connected(12)]
    play = Play().run(steps, until=50)

    assert play.events == []


def test_device_that_is_lost_twice_at_once_counts_once_and_as_of_its_last() -> None:
    twice = [will(10, "5", "d0"), online(10.5, "6", "d0"), will(11.5, "6", "d0")]
    others = [will(12.5, "5", f"d{n}") for n in range(1, 5)]
    play = Play().run([*fleet(5), *twice, *others], until=50)

    assert play.events == [(15.5, 5)]
    few = Play().run([*fleet(5), *twice, *others[:3]], until=50)
    assert few.events == [], "four devices are not five"


def at_once(at: float, first: int, count: int, session: str = "5") -> list[Step]:
    return [will(at, session, f"d{n}") for n in range(first, first + count)]


BURSTS = [
    pytest.param(10, [*at_once(10, 0, 5), *at_once(20, 5, 5)], [(13, 5), (23, 5)], id="each counts its own"),
    pytest.param(10, [*at_once(10, 0, 5), *at_once(12, 5, 5)], [(13, 10)], id="the window's end is within it"),
    pytest.param(5, [*at_once(10, 0, 1), *at_once(12, 1, 4)], [(15, 5)], id="its first is within it"),
    pytest.param(10, [*at_once(10, 9, 1), *at_once(12.5, 0, 5)], [(15.5, 5)], id="one from before is not"),
    pytest.param(
        5,
        [*at_once(10, 0, 5), lost(10.5), connected(11), *at_once(11.5, 0, 5)],
        [(14.5, 5)],
        id="after a loss of the broker another begins",
    ),
    pytest.param(
        5,
        [*at_once(10, 0, 3), online(11, "6", "d0"), *at_once(11.5, 0, 1, "6"), *at_once(12.3, 3, 2)],
        [],
        id="who is lost again keeps nobody in the window",
    ),
]


@pytest.mark.parametrize(("size", "steps", "told"), BURSTS)
def test_bursts(size: int, steps: list[Step], told: list[tuple[float, int]]) -> None:
    play = Play().run([*fleet(size), *steps], until=30)

    assert play.events == told


def test_device_that_came_back_by_a_digest_is_looked_at_when_it_expires() -> None:
    site = Play().run([connected(0), put(0), online(1), sign_off(10), digest(50, age=5)], until=50).site
    assert site.deadline() == 145


def test_second_burst_is_another_event() -> None:
    steps = [*fleet(5), *wills(5, at=10), *(online(15, "6", f"d{n}") for n in range(5))]
    steps += [will(20, "6", f"d{n}") for n in range(5)]
    play = Play().run(steps, until=30)

    assert [devices for _, devices in play.events] == [5, 5]


def test_other_settings_of_a_device() -> None:
    slow = DeviceSettings(400.0)
    play = Play().run([connected(0), put(0), heard(1), put(50, settings=slow), put(60, settings=slow)], until=1000)
    assert play.outcomes[-1] == (450, "a", "Offline", "HeartbeatExpired")

    fast = DeviceSettings(10.0)
    play = Play().run([connected(0), put(0), heard(1), put(50, settings=fast)], until=1000)
    assert play.outcomes[-1] == (60, "a", "Offline", "HeartbeatExpired"), "a shorter wait begins when it is set"


def test_other_settings_of_the_site() -> None:
    site = Play().run([*fleet(1)], until=2).site
    site.configure(SiteSettings(reconnect_grace=10.0, unreachable_after=5.0))
    site.status("d0", DeviceStatus("d0", "offline"), 20)
    assert site.tick(29) == []
    assert [change.reason for change in site.tick(30)] == [Reason.LAST_WILL]

    site.message_received("d0", 31)
    site.disconnected(40)
    assert [change.reason for change in site.tick(45)] == [Reason.HEARTBEAT_RECEIVED, Reason.SITE_UNREACHABLE]


@pytest.mark.parametrize(
    ("site", "device", "offline_after"),
    [
        (SiteSettings(), {}, 300),
        (SiteSettings(), {"heartbeat_interval": 60}, 300),
        (SiteSettings(), {"heartbeat_interval": 600}, 1500),
        (SiteSettings(), {"heartbeat_interval": 600, "offline_after": 1200}, 1200),
        (SiteSettings(), {"offline_after": 2}, 2),
        (SiteSettings(heartbeat_interval=30, offline_after=60), {}, 75),
        (SiteSettings(offline_after=60), {}, 75),
    ],
)
def test_default_of_offline_after(site: SiteSettings, device: dict[str, float], offline_after: float) -> None:
    settings = site.device(
        heartbeat_interval=device.get("heartbeat_interval"), offline_after=device.get("offline_after")
    )
    assert settings == DeviceSettings(offline_after)


def test_settings_of_a_device_keep_what_else_is_given() -> None:
    settings = SiteSettings().device(presence=Presence.INTERMITTENT, is_disabled=True)
    assert settings == DeviceSettings(300, Presence.INTERMITTENT, is_disabled=True)


def test_one_digest_reports_many() -> None:
    site = Play().run([connected(0), put(0), put(0, "b"), put(0, "c")], until=1).site
    site.digest(Activity("processor", {"a": 0.1, "b": 200.0, "x": 1.0}, queue_lag_seconds=0.2), 10)

    (change,) = site.tick(10)
    assert (change.device_id, change.phase) == ("a", Phase.ONLINE)
    assert change.seen == pytest.approx(9.7)
    assert site.counts() == Counts(total=3, online=1, offline=0, unknown=0, pending=2, disabled=0)


def test_deadline_is_when_something_is_due() -> None:
    site = SiteLiveness(SITE, 0)
    assert site.deadline() == 30
    site.connected(1)
    assert site.deadline() is None
    site.put("a", 2, CONNECTED)
    assert site.deadline() == float("-inf"), "a transition waits to be taken"
    site.message_received("a", 2)
    site.tick(2)
    assert site.deadline() == 102
    site.status("a", DeviceStatus("a", "offline"), 10)
    assert site.deadline() == 13
    site.processor_status(10, is_online=False)
    site.message_received("a", 11)
    assert site.deadline() is None
    site.processor_status(12, is_online=True)
    assert site.deadline() == 111
    site.disconnected(13)
    assert site.deadline() == 43


def test_what_is_known_of_a_device() -> None:
    site = Play().run([connected(0), put(0)], until=1).site
    known = site.known("a")
    assert known is not None
    assert (known.phase, known.seen, known.session, known.reported) == (Phase.PENDING, None, None, ())

    site.status("a", DeviceStatus("a", "online", session="7", metadata={"firmware": "1.2"}), 5)
    site.status("a", DeviceStatus("a", "online", session="8"), 6)
    known = site.known("a")
    assert known is not None
    assert (known.phase, known.reason, known.since) == (Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, 5)
    assert (known.seen, known.session, known.reported) == (6, "8", (("firmware", "1.2"),))
    assert site.known("b") is None
    assert list(site.device_ids()) == ["a"]


@pytest.mark.parametrize(
    ("act", "seen"),
    [
        pytest.param(sign_off(10, "5"), 10, id="a sign-off is heard"),
        pytest.param(will(10, "5"), 1, id="a will is the broker's"),
        pytest.param(sign_off(10, "4"), 1, id="a late sign-off is of before"),
        pytest.param(sign_off(10, "5", retained=True), 1, id="a retained sign-off is of before"),
        pytest.param(digest(10, age=4), 6, id="a digest is as old as it says"),
        pytest.param(digest(10, age=40), 1, id="an older digest is of before"),
    ],
)
def test_when_the_last_message_of_a_device_arrived(act: Step, seen: float) -> None:
    known = Play().run([connected(0), put(0), online(1, "5"), act], until=20).site.known("a")
    assert known is not None
    assert known.seen == seen


def test_seed_of_a_stored_status() -> None:
    seed = RestoredState.from_status("Offline", "LastWill", since=1, seen=0.5, session="3", reported=(("model", "x"),))
    assert seed == RestoredState(Phase.OFFLINE, Reason.LAST_WILL, 1, 0.5, "3", (("model", "x"),))
    assert RestoredState.from_status("Asleep", "LastWill", since=1) is None
    assert RestoredState.from_status("Offline", "Bored", since=1) is None
    assert RestoredState.from_status(None, None, since=1) is None


def test_seed_of_a_clock_that_went_ahead_is_of_now() -> None:
    seed = RestoredState(Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, 9e9, seen=9e9)
    known = Play().run([put(5, seed=seed)], until=6).site.known("a")
    assert known is not None
    assert (known.since, known.seen) == (5, 5)
