"""Moments that lie on a bound or beside it, and states that are left in no usual way, as stories with their outcome."""

import math

import pytest

from edge_liveness import DeviceSettings, Phase, Reason, RestoredState, SiteLiveness
from tests.edge_liveness.stories import (
    CAME,
    CONNECTED,
    SITE,
    START,
    Play,
    Step,
    Story,
    back,
    booted,
    connected,
    digest,
    gone,
    heard,
    lost,
    missed_window,
    online,
    processor_status,
    put,
    running,
    sign_off,
    will,
)

SLOW = DeviceSettings(200.0)

DIGESTS = [
    Story(
        "a reply whose lag is long restarts nothing",
        (*START, digest(90, lag=3600, is_reply=True)),
        300,
        [gone(101, "HeartbeatExpired")],
    ),
    Story(
        "nor one whose lag is not known",
        (*START, digest(90, lag=None, is_reply=True)),
        300,
        [gone(101, "HeartbeatExpired")],
    ),
    Story(
        "a lag of the whole slack is still live", (*START, digest(90, lag=1.0)), 300, [gone(189, "HeartbeatExpired")]
    ),
    Story(
        "the lag of a reply is counted back",
        (*START, digest(90, age=20, lag=0.5, is_reply=True)),
        300,
        [gone(169.5, "HeartbeatExpired")],
    ),
    Story("proof that is as old as offlineAfter", (*START, digest(150, age=100)), 201, [gone(101, "HeartbeatExpired")]),
]

SLACK = [
    Story(
        "a reading sent at the end of the slack after a will",
        (*START, will(10, "5"), digest(11.5, age=0.5)),
        50,
        [gone(13, "LastWill")],
    ),
    Story("after a will that was believed", (*START, will(10, "5"), digest(14, age=3)), 50, [gone(13, "LastWill")]),
    Story("after a sign-off", (*START, sign_off(10, "5"), digest(12, age=1)), 50, [gone(10, "Disconnected")]),
    Story(
        "after a sign-off that was known before",
        (connected(0), put(20, seed=RestoredState(Phase.OFFLINE, Reason.DISCONNECTED, 10)), digest(21, age=10)),
        50,
        [],
    ),
    Story(
        "after a sign-off that was replayed",
        (*START, running(6), lost(10), connected(12), running(12), sign_off(13, "5", retained=True), digest(20, age=6)),
        50,
        [gone(16, "Disconnected")],
    ),
]

SESSIONS = [
    Story("a will without a session leaves the session as it is", (*START, will(10), heard(11), will(20, "4")), 50, []),
    Story("so does a replayed birth without one", (*START, online(10, retained=True), will(20, "4")), 50, []),
    Story(
        "a sign-off without one too",
        (*START, sign_off(10), heard(11), will(20, "4")),
        50,
        [gone(10, "Disconnected"), back(11)],
    ),
]

REPLAYS = [
    Story(
        "an offline kept by a broker that runs on, of a device that is new to us",
        (connected(0), running(6), lost(10), connected(12), running(12), put(13), will(14, retained=True)),
        50,
        [(13, *CAME[0][1:]), (14, "a", "Unknown", "BrokerRestarted")],
    ),
]


HEARING = [
    Story("the process did not listen", (*START, missed_window(50)), 300, [gone(150, "HeartbeatExpired")]),
    Story(
        "an offline of the processor, replayed by a broker that may have restarted",
        (*START, processor_status(5), processor_status(6, is_online=False, retained=True)),
        500,
        [],
    ),
    Story(
        "a broker that began when it was last seen running may be another",
        (*START, running(6), lost(10), connected(12), running(12, since=6), will(13, "5", retained=True)),
        50,
        [],
    ),
    Story(
        "the first boot id is no restart",
        (connected(0, None), put(0), online(1, "5"), will(10, "5"), booted(11, "boot-1")),
        50,
        [*CAME, gone(13, "LastWill")],
    ),
    Story(
        "a boot id that comes before any connection",
        (put(0), booted(1, "boot-1"), connected(2, "boot-1"), heard(3)),
        50,
        [CAME[0], back(3)],
    ),
]


ENDS = [
    Story(
        "a device that expires while its will is held", (*START, will(100, "5")), 500, [gone(101, "HeartbeatExpired")]
    ),
    Story(
        "news of a restart: offlineAfter counts from it",
        (*START, booted(50, "boot-2")),
        500,
        [gone(150, "HeartbeatExpired")],
    ),
]

SETTINGS = [
    Story("a Pending device that is given another wait", (connected(0), put(0), put(10, settings=SLOW)), 500, CAME[:1]),
    Story(
        "an Offline one",
        (*START, sign_off(5, "5"), put(10, settings=SLOW)),
        500,
        [gone(5, "Disconnected")],
    ),
]


@pytest.mark.parametrize(
    "story", [*DIGESTS, *SLACK, *SESSIONS, *REPLAYS, *HEARING, *ENDS, *SETTINGS], ids=lambda story: story.name
)
def test_story(story: Story) -> None:
    assert story.outcomes == story.transitions()


SINCE = [
    pytest.param((sign_off(10, "5"),), 10, id="a sign-off"),
    pytest.param((sign_off(10, "5"), sign_off(20, "5")), 20, id="the last of two"),
    pytest.param((will(10, "5"), heard(14), sign_off(20, "5")), 20, id="after a will"),
    pytest.param((sign_off(150, "5"),), 150, id="after expiry"),
    pytest.param((will(150, "5"),), 101, id="a will after expiry says nothing of it"),
]


@pytest.mark.parametrize(("steps", "since"), SINCE)
def test_since_when_a_device_is_offline(steps: tuple[Step, ...], since: float) -> None:
    known = Play().run([*START, *steps], until=160).site.known("a")

    assert known is not None
    assert (known.phase, known.since) == (Phase.OFFLINE, since)


def test_deadline_moves_with_what_a_digest_proves() -> None:
    site = Play().run([*START, digest(50, age=5)], until=60).site

    assert site.deadline() == 145


def test_deadline_of_a_device_that_came_back_by_a_digest_while_silence_meant_nothing() -> None:
    steps = [
        *START,
        processor_status(10, is_online=False),
        sign_off(20, "5"),
        digest(50, age=5, source="gateway"),
        processor_status(60),
    ]

    assert Play().run(steps, until=60).site.deadline() == 145


def test_new_device_is_not_site_wide() -> None:
    site = SiteLiveness(SITE, 0.0)
    site.put("a", 0.0, CONNECTED)

    assert [change.is_site_wide for change in site.tick(0.0)] == [False]


AGES = [
    pytest.param(-math.inf, 0.0, True, id="before any clock"),
    pytest.param(math.nan, 0.0, True, id="no number"),
    pytest.param(1e9, 0.0, True, id="31 years"),
    pytest.param(1e9 - 0.5, 0.0, False, id="almost 31 years"),
    pytest.param(0.0, 1e9, True, id="a lag of 31 years"),
    pytest.param(0.0, None, True, id="a lag that is not known"),
    pytest.param(-1.0, 0.0, False, id="in the future"),
]


@pytest.mark.parametrize(("age", "lag", "is_unproven"), AGES)
def test_ages_that_prove_nothing(age: float, lag: float | None, *, is_unproven: bool) -> None:
    known = Play().run([connected(0), put(0), digest(1, age=age, lag=lag)], until=1).site.known("a")

    assert known is not None
    assert (known.seen is None) is is_unproven
