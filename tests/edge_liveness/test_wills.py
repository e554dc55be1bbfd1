"""Wills of one device and of many at once: which are held, for how long, and when many are one event."""

import math

import pytest

from edge_liveness import Phase, Reason, SiteSettings
from edge_liveness.wills import Wills
from tests.edge_liveness.stories import (
    DISABLED,
    INTERMITTENT,
    START,
    Play,
    Step,
    connected,
    digest,
    fleet,
    heard,
    lost,
    put,
    sign_off,
    will,
)


def wills(at: float, *numbers: int) -> list[Step]:
    return [will(at, "5", f"d{number}") for number in numbers]


def test_disabled_devices_do_not_count() -> None:
    disabled = [put(2, f"d{number}", DISABLED) for number in range(25, 30)]

    play = Play().run([*fleet(30), *disabled, *wills(10, *range(6))], until=20)

    assert play.events == [(13, 6)], "six of 25 are more than a fifth, six of 30 are not"


def test_second_will_of_one_of_many_is_not_held_again() -> None:
    play = Play().run([*fleet(5), *wills(10, *range(5)), *wills(11, 0)], until=50)

    assert [(at, device) for at, device, phase, _ in play.outcomes if phase == "Offline"] == [
        (40, f"d{number}") for number in range(5)
    ]


def test_message_drops_the_will_of_one_of_many() -> None:
    play = Play().run([*fleet(5), *wills(10, *range(5)), heard(20, "d0")], until=50)

    assert play.site.counts().offline == 4


@pytest.mark.parametrize(
    "before",
    [
        pytest.param([*fleet(5), lost(10)], id="after its loss"),
        pytest.param([put(0, f"d{number}") for number in range(5)], id="before the first connection"),
    ],
)
def test_wills_without_a_connection_are_no_event(before: list[Step]) -> None:
    play = Play().run([*before, *wills(10, *range(5))], until=20)

    assert play.events == []
    assert play.site.counts().offline == 0


def test_many_that_are_lost_at_once_are_reported_without_delay() -> None:
    site = Play().run([*fleet(5), *wills(10, *range(5))], until=12).site
    site.tick(13)
    deadlines = [site.deadline()]
    lost_at_once = [each.devices for each in site.mass_last_wills()]
    deadlines.append(site.deadline())

    assert (lost_at_once, deadlines) == ([5], [-math.inf, 40])


def test_burst_is_one_event() -> None:
    held = Wills(SiteSettings())
    before = held.mass(0.0)
    for number in range(5):
        held.hold(f"d{number}", 1.0, Reason.LAST_WILL, 5)

    assert [before, held.mass(3.9), held.mass(4.0), held.mass(5.0)] == [0, 0, 5, 0]


ENDS = [
    pytest.param((will(10, "5"),), Phase.OFFLINE, Reason.LAST_WILL, id="nothing else"),
    pytest.param((will(10, "5"), heard(11)), Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, id="a message"),
    pytest.param((will(10, "5"), sign_off(11, "5")), Phase.OFFLINE, Reason.DISCONNECTED, id="a sign-off"),
    pytest.param((will(10, "5"), digest(12.5, age=0.5)), Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, id="a digest"),
    pytest.param((will(10, "5"), put(11, settings=DISABLED)), Phase.DISABLED, Reason.DISABLED, id="disabled"),
    pytest.param(
        (will(10, "5"), put(11, settings=INTERMITTENT)), Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, id="Intermittent"
    ),
    pytest.param((will(10, "5"), lost(12)), Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, id="the loss of the broker"),
    pytest.param((will(10, "5"), connected(12)), Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, id="a connection"),
    pytest.param((lost(10), will(10, "5")), Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, id="after the loss of the broker"),
]


@pytest.mark.parametrize(("steps", "phase", "reason"), ENDS)
def test_what_follows_a_will_decides(steps: tuple[Step, ...], phase: Phase, reason: Reason) -> None:
    known = Play().run([*START, *steps], until=20).site.known("a")

    assert known is not None
    assert (known.phase, known.reason) == (phase, reason)
