"""Wills of one device and of many at once: which are held, for how long, and when many are one event."""

import pytest

from edge_liveness import Reason, SiteSettings
from edge_liveness.wills import Wills
from tests.edge_liveness.stories import DISABLED, Play, Step, connected, heard, lost, online, put, will


def fleet(size: int) -> list[Step]:
    names = [f"d{number}" for number in range(size)]
    return [connected(0), *(put(0, name) for name in names), *(online(1, "5", name) for name in names)]


def wills(at: float, *numbers: int) -> list[Step]:
    return [will(at, "5", f"d{number}") for number in numbers]


def bursts(play: Play) -> list[tuple[float, int]]:
    """Return the time and the number of devices of each event of many that were lost at once."""
    return [(at, devices) for at, kind, devices in play.events if kind == "MassLastWill"]


def test_disabled_devices_do_not_count() -> None:
    disabled = [put(2, f"d{number}", DISABLED) for number in range(25, 30)]

    play = Play().run([*fleet(30), *disabled, *wills(10, *range(6))], until=20)

    assert bursts(play) == [(13, 6)], "six of 25 are more than a fifth, six of 30 are not"


def test_second_will_of_one_of_many_is_not_held_again() -> None:
    play = Play().run([*fleet(5), *wills(10, *range(5)), *wills(11, 0)], until=39)

    assert play.site.tally.held_wills == 5
    assert play.site.counts().offline == 0


def test_message_drops_the_will_of_one_of_many() -> None:
    play = Play().run([*fleet(5), *wills(10, *range(5)), heard(20, "d0")], until=50)

    assert (play.site.tally.dropped_wills, play.site.counts().offline) == (1, 4)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param([*fleet(5), lost(10)], id="after its loss"),
        pytest.param([put(0, f"d{number}") for number in range(5)], id="before the first connection"),
    ],
)
def test_wills_without_a_connection_are_no_event(before: list[Step]) -> None:
    play = Play().run([*before, *wills(10, *range(5))], until=20)

    assert bursts(play) == []
    assert play.site.counts().offline == 0


def test_burst_is_one_event() -> None:
    held = Wills(SiteSettings())
    before = held.mass(0.0)
    assert all(held.hold(f"d{number}", 1.0, Reason.LAST_WILL, 5) for number in range(5))

    assert [before, held.mass(3.9), held.mass(4.0), held.mass(5.0)] == [0, 0, 5, 0]
