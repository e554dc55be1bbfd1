"""Every rule of what may be concluded, as a story with its outcome."""

import pytest

from edge_liveness import Phase, Reason, RestoredState
from tests.edge_liveness.stories import (
    CAME,
    DISABLED,
    INTERMITTENT,
    START,
    Story,
    back,
    booted,
    connected,
    digest,
    empty_digest,
    gone,
    heard,
    lost,
    online,
    processor_status,
    put,
    remove,
    running,
    sign_off,
    unknown,
    will,
)

PROOF = [
    Story("a new device is Pending and never expires", (connected(0), put(0)), 1000, CAME[:1]),
    Story("a reading is a heartbeat", (connected(0), put(0), heard(1)), 2, CAME),
    Story("silence for offlineAfter", START, 200, [gone(101, "HeartbeatExpired")]),
    Story("not a moment before", START, 100.75, []),
    Story("each message counts", (*START, heard(90), heard(180)), 300, [gone(280, "HeartbeatExpired")]),
    Story("heard again after expiry", (*START, heard(150)), 160, [gone(101, "HeartbeatExpired"), back(150)]),
    Story("a digest proves its age", (*START, digest(90, age=20)), 300, [gone(170, "HeartbeatExpired")]),
    Story("and its lag", (*START, digest(90, age=20, lag=0.5)), 300, [gone(169.5, "HeartbeatExpired")]),
    Story(
        "an older digest takes nothing back",
        (*START, heard(90), digest(91, age=50)),
        300,
        [gone(190, "HeartbeatExpired")],
    ),
    Story(
        "drained readings of hours ago prove nothing, and silence meanwhile neither",
        (*START, digest(90, lag=3600)),
        300,
        [gone(190, "HeartbeatExpired")],
    ),
    Story(
        "nor while the lag is unknown",
        (connected(0), put(0), digest(1, lag=None)),
        300,
        CAME[:1],
    ),
    Story("a digest makes Online", (connected(0), put(0), digest(1, age=0.5)), 2, CAME),
    Story(
        "within offlineAfter only",
        (*START, digest(150, age=99), digest(151, age=101)),
        201,
        [gone(101, "HeartbeatExpired"), (150, "a", "Online", "HeartbeatReceived"), gone(151, "HeartbeatExpired")],
    ),
    Story(
        "back by an old digest, it expires by when it was heard",
        (*START, digest(150, age=40)),
        300,
        [gone(101, "HeartbeatExpired"), back(150), gone(210, "HeartbeatExpired")],
    ),
    Story(
        "or by when we began to listen, where that is later",
        (*START, lost(110), connected(130), digest(150, age=40)),
        300,
        [gone(101, "HeartbeatExpired"), back(150), gone(230, "HeartbeatExpired")],
    ),
    Story("an age in the future counts as now", (*START, digest(50, age=-40)), 300, [gone(150, "HeartbeatExpired")]),
    Story(
        "a reply proves nothing",
        (*START, sign_off(10, "5"), digest(20, age=5, is_reply=True)),
        50,
        [gone(10, "Disconnected")],
    ),
    Story(
        "but says when the device was heard",
        (*START, digest(90, age=20, is_reply=True)),
        300,
        [gone(170, "HeartbeatExpired")],
    ),
]

GONE = [
    Story("a sign-off counts at once", (*START, sign_off(10, "5")), 500, [gone(10, "Disconnected")]),
    Story("a will after the grace", (*START, will(10, "5")), 500, [gone(13, "LastWill")]),
    Story("a message within the grace", (*START, will(10, "5"), heard(12.5)), 50, []),
    Story("a birth within the grace", (*START, will(10, "5"), online(12.5, "6")), 50, []),
    Story("the loss of the broker within the grace", (*START, will(10, "5"), lost(12)), 20, []),
    Story("a new connection within the grace", (*START, will(10, "5"), connected(12)), 50, []),
    Story("news of a restart within the grace", (*START, will(10, "5"), booted(12, "boot-2")), 50, []),
    Story("after the grace it is back", (*START, will(10, "5"), online(14, "6")), 50, [gone(13, "LastWill"), back(14)]),
    Story(
        "a second will does not prolong the grace", (*START, will(10, "5"), will(12, "5")), 50, [gone(13, "LastWill")]
    ),
    Story("a sign-off within the grace", (*START, will(10, "5"), sign_off(11, "5")), 50, [gone(11, "Disconnected")]),
    Story(
        "a will after a sign-off says nothing new",
        (*START, sign_off(10, "5"), will(11, "5")),
        50,
        [gone(10, "Disconnected")],
    ),
    Story("a will after expiry neither", (*START, will(150, "5")), 200, [gone(101, "HeartbeatExpired")]),
    Story(
        "but a reading from before it does not bring the device back",
        (*START, will(150.2, "5"), digest(151, age=1.0)),
        300,
        [gone(101, "HeartbeatExpired")],
    ),
    Story(
        "and one from after it does",
        (*START, will(150.2, "5"), digest(153, age=0.5)),
        200,
        [gone(101, "HeartbeatExpired"), back(153)],
    ),
    Story(
        "a reading from before the sign-off, told of after it",
        (*START, sign_off(10, "5"), digest(11, age=1.2), digest(12, age=1.5)),
        50,
        [gone(10, "Disconnected")],
    ),
    Story(
        "a reading from after the sign-off",
        (*START, sign_off(10, "5"), digest(13, age=1.5)),
        50,
        [gone(10, "Disconnected"), back(13)],
    ),
    Story(
        "or from before a sign-off that followed another end",
        (*START, will(10, "5"), sign_off(20, "5"), digest(20.5, age=1.5), sign_off(30, "5"), digest(30.5, age=1.5)),
        50,
        [gone(13, "LastWill"), gone(20, "Disconnected")],
    ),
    Story(
        "or from before a second will",
        (*START, will(10, "5"), will(20, "5"), digest(20.5, age=1.5)),
        50,
        [gone(13, "LastWill")],
    ),
    Story(
        "or from before a sign-off after expiry",
        (*START, sign_off(150, "5"), digest(150.5, age=1.5)),
        200,
        [gone(101, "HeartbeatExpired"), gone(150, "Disconnected")],
    ),
    Story("a will that was under way when the broker was lost", (*START, lost(10), will(10, "5")), 20, []),
    Story(
        "a reading from about the will does not drop it",
        (*START, will(10, "5"), digest(11, age=0.9)),
        50,
        [gone(13, "LastWill")],
    ),
    Story("a reading from after the will does", (*START, will(10, "5"), digest(12.5, age=0.5)), 50, []),
    Story(
        "told of when it was believed already",
        (*START, will(10, "5"), digest(14, age=2)),
        50,
        [gone(13, "LastWill"), back(14)],
    ),
]

SESSIONS = [
    Story("a late will of the session before", (*START, online(20, "6"), will(21, "5")), 50, []),
    Story("a late sign-off of the session before", (*START, online(20, "6"), sign_off(21, "5")), 50, []),
    Story(
        "a device reset to session 1",
        (*START, online(20, "1"), will(21, "5"), will(30, "1")),
        50,
        [gone(33, "LastWill")],
    ),
    Story("a reading names a session too", (*START, heard(20, session="6"), will(21, "5")), 50, []),
    Story("a will without a session is believed", (*START, will(10)), 50, [gone(13, "LastWill")]),
    Story(
        "without sessions the order decides",
        (connected(0), put(0), online(1), will(2), online(3), will(4)),
        50,
        [*CAME, gone(7, "LastWill")],
    ),
    Story(
        "a birth without a session forgets the last", (*START, online(20), will(21, "7")), 50, [gone(24, "LastWill")]
    ),
    Story(
        "the session of a seed counts",
        (
            connected(0),
            put(0, seed=RestoredState(Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, -50, session="5")),
            will(1, "4"),
        ),
        50,
        [],
    ),
    Story(
        "which holds the beginning of a long one",
        (
            connected(0),
            put(0, seed=RestoredState(Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, -50, session="5" * 128)),
            will(1, "5" * 200),
        ),
        50,
        [gone(4, "LastWill")],
    ),
    Story(
        "and that of a replayed birth, though doubtful",
        (
            put(0, seed=RestoredState(Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, -50, session="5")),
            connected(0),
            online(1, "6", retained=True),
            will(20, "6"),
        ),
        50,
        [gone(23, "LastWill")],
    ),
]

BROKER = [
    Story("away for less than 30 s", (*START, lost(10), connected(39)), 60, []),
    Story("away for 30 s: Unknown, never Offline", (*START, lost(10)), 5000, [unknown(40, "SiteUnreachable")]),
    Story(
        "a will does not bring it back to Offline",
        (*START, will(9, "5"), lost(10)),
        5000,
        [unknown(40, "SiteUnreachable")],
    ),
    Story("what is Offline stays so", (*START, sign_off(5, "5"), lost(10)), 5000, [gone(5, "Disconnected")]),
    Story(
        "back: Unknown until proof",
        (*START, lost(10), connected(50), heard(60)),
        70,
        [unknown(40, "SiteUnreachable"), back(60)],
    ),
    Story(
        "or until expiry, which begins anew",
        (*START, lost(10), connected(50)),
        500,
        [unknown(40, "SiteUnreachable"), gone(150, "HeartbeatExpired")],
    ),
    Story("a short outage begins it anew too", (*START, lost(90), connected(95)), 500, [gone(195, "HeartbeatExpired")]),
    Story(
        "never reached at all",
        (put(0, seed=RestoredState(Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, -50)),),
        500,
        [unknown(30, "SiteUnreachable")],
    ),
    Story(
        "a device that is made known while the broker is away",
        (connected(0), lost(1), put(50, seed=RestoredState(Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, -50))),
        500,
        [unknown(80, "SiteUnreachable")],
    ),
    Story(
        "heard by another way while the broker is away",
        (*START, lost(10), heard(50)),
        500,
        [unknown(40, "SiteUnreachable"), back(50), unknown(80, "SiteUnreachable")],
    ),
    Story(
        "two heard by another way while the broker is away: Unknown 30 s after the first",
        (connected(0), put(0), lost(1), heard(50), put(50, "b"), heard(70, "b")),
        500,
        [
            CAME[0],
            back(50),
            (50, "b", "Pending", "NotYetSeen"),
            back(70, "b"),
            unknown(80, "SiteUnreachable"),
            (80, "b", "Unknown", "SiteUnreachable"),
        ],
    ),
    Story(
        "no digests are no silence",
        (*START, processor_status(10, is_online=False), processor_status(500)),
        1000,
        [gone(600, "HeartbeatExpired")],
    ),
    Story(
        "but wills are heard",
        (*START, processor_status(10, is_online=False), will(50, "5")),
        1000,
        [gone(53, "LastWill")],
    ),
]

SEEN = (*START, running(6))

TELLER = [
    Story("that it is there, kept over a restart, is no news", (*START, processor_status(6, retained=True)), 5000, []),
    Story(
        "until it says so itself",
        (*START, processor_status(6, retained=True), processor_status(500)),
        1000,
        [gone(600, "HeartbeatExpired")],
    ),
    Story(
        "or sends a digest, be it empty",
        (*START, processor_status(6, retained=True), empty_digest(500)),
        1000,
        [gone(600, "HeartbeatExpired")],
    ),
    Story(
        "or an answer whose lag it does not know",
        (*START, processor_status(6, retained=True), empty_digest(500, lag=None, is_reply=True)),
        1000,
        [gone(600, "HeartbeatExpired")],
    ),
    Story(
        "a gateway's digest is not its own",
        (*START, processor_status(6, retained=True), empty_digest(7, "gateway")),
        5000,
        [],
    ),
    Story(
        "where the broker runs on it is believed",
        (*SEEN, processor_status(7), lost(10), connected(12), running(12), processor_status(13, retained=True)),
        1000,
        [gone(113, "HeartbeatExpired")],
    ),
    Story(
        "a broker that lost its data has nothing of it, and nobody tells of readings until it is back",
        (*START, processor_status(7), lost(10), connected(12, "boot-2")),
        5000,
        [],
    ),
    Story(
        "where none was ever known nobody waits for one",
        (*START, lost(10), connected(12, "boot-2")),
        5000,
        [gone(112, "HeartbeatExpired")],
    ),
]

REPLAYS = [
    Story(
        "after a restart a retained offline is doubtful",
        (*START, lost(10), connected(12, "boot-2"), will(13, "5", retained=True)),
        50,
        [],
    ),
    Story("so is a sign-off", (*START, lost(10), connected(12, "boot-2"), sign_off(13, "5", retained=True)), 50, []),
    Story(
        "without boot ids every connection may be one",
        (*START, lost(10), connected(12, None), will(13, "5", retained=True)),
        50,
        [],
    ),
    Story(
        "a repeated boot id ends no doubt",
        (*SEEN, lost(10), connected(12, "boot-2"), booted(12, "boot-2"), will(13, "5", retained=True)),
        50,
        [],
    ),
    Story(
        "nor does the one before: the agent of a broker that restarted may be late with the new one",
        (*SEEN, lost(10), connected(12), running(12, since=11), will(13, "5", retained=True), booted(45, "boot-2")),
        50,
        [],
    ),
    Story(
        "the broker's own clock ends it",
        (*SEEN, lost(10), connected(12, None), running(12), booted(12, "boot-1"), will(13, "5", retained=True)),
        50,
        [gone(16, "LastWill")],
    ),
    Story(
        "but not against the news of a restart",
        (*SEEN, lost(10), connected(12, "boot-2"), running(12), will(13, "5", retained=True)),
        50,
        [],
    ),
    Story(
        "nor if that comes after",
        (*SEEN, lost(10), connected(12), running(12), booted(12, "boot-2"), will(13, "5", retained=True)),
        50,
        [],
    ),
    Story(
        "nor where it might have restarted before we took note of its loss",
        (*SEEN, lost(100), connected(101), running(101, since=7), will(102, "5", retained=True)),
        110,
        [],
    ),
    Story(
        "nor where it was never seen before",
        (*START, lost(10), connected(12), running(12), will(13, "5", retained=True)),
        50,
        [],
    ),
    Story(
        "nor once for all",
        (*SEEN, lost(10), connected(12), running(12), lost(13), connected(20), will(21, "5", retained=True)),
        50,
        [],
    ),
    Story(
        "by the same broker it is held like a will",
        (*SEEN, lost(10), connected(12), running(12), will(13, "5", retained=True)),
        50,
        [gone(16, "LastWill")],
    ),
    Story(
        "a sign-off too",
        (*SEEN, lost(10), connected(12), running(12), sign_off(13, "5", retained=True)),
        50,
        [gone(16, "Disconnected")],
    ),
    Story(
        "for the news of a restart may be late",
        (*SEEN, lost(10), connected(12), running(12), sign_off(13, "5", retained=True), booted(15, "boot-2")),
        50,
        [],
    ),
    Story(
        "a replayed birth proves nothing",
        (*START, lost(10), connected(12), online(100, "5", retained=True)),
        500,
        [gone(112, "HeartbeatExpired")],
    ),
    Story(
        "nor after a restart",
        (*START, lost(10), connected(12, "boot-2"), online(100, "5", retained=True)),
        500,
        [gone(112, "HeartbeatExpired")],
    ),
    Story(
        "nor does it bring back",
        (*START, sign_off(5, "5"), lost(10), connected(12), online(13, "6", retained=True)),
        500,
        [gone(5, "Disconnected")],
    ),
    Story(
        "a device known from a replay alone",
        (connected(0), put(0), online(1, "5", retained=True)),
        500,
        [CAME[0], unknown(1, "BrokerRestarted"), gone(101, "HeartbeatExpired")],
    ),
    Story(
        "be it an offline",
        (connected(0), put(0), will(1, "5", retained=True), heard(50)),
        60,
        [CAME[0], unknown(1, "BrokerRestarted"), back(50)],
    ),
]

DEVICES = [
    Story(
        "a will of an Intermittent device", (connected(0), put(0, settings=INTERMITTENT), online(1), will(10)), 50, CAME
    ),
    Story(
        "a sign-off of one is a heartbeat",
        (connected(0), put(0, settings=INTERMITTENT), sign_off(1), sign_off(50)),
        200,
        [*CAME, gone(150, "HeartbeatExpired")],
    ),
    Story("made Intermittent within the grace", (*START, will(10, "5"), put(11, settings=INTERMITTENT)), 50, []),
    Story(
        "disabled", (*START, put(10, settings=DISABLED), heard(20), will(21)), 500, [(10, "a", "Disabled", "Disabled")]
    ),
    Story(
        "disabled within the grace",
        (*START, will(9, "5"), put(10, settings=DISABLED)),
        500,
        [(10, "a", "Disabled", "Disabled")],
    ),
    Story(
        "enabled again",
        (*START, put(10, settings=DISABLED), put(20), heard(30)),
        50,
        [(10, "a", "Disabled", "Disabled"), (20, "a", "Pending", "NotYetSeen"), back(30)],
    ),
    Story("added disabled", (connected(0), put(0, settings=DISABLED)), 50, [(0, "a", "Disabled", "Disabled")]),
    Story("removed", (*START, will(10, "5"), remove(11), heard(12), online(13)), 500, []),
    Story("of another site", (*START, heard(2, "b"), will(3, device="b"), digest(4, device="b")), 50, []),
]

SEEDED = RestoredState(Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, -500, seen=-400, session="5")
SEEDS = [
    Story(
        "nothing is said of a seed, and it has offlineAfter",
        (put(0, seed=SEEDED), connected(5)),
        500,
        [gone(105, "HeartbeatExpired")],
    ),
    Story(
        "of an Offline one nothing at all",
        (put(0, seed=RestoredState(Phase.OFFLINE, Reason.LAST_WILL, -500)), connected(5)),
        500,
        [],
    ),
    Story(
        "an old reply changes nothing",
        (put(0, seed=SEEDED), connected(5), digest(6, age=90, is_reply=True)),
        500,
        [gone(105, "HeartbeatExpired")],
    ),
    Story(
        "of a disabled one nothing",
        (put(0, settings=DISABLED, seed=RestoredState(Phase.DISABLED, Reason.DISABLED, -5)), connected(5)),
        50,
        [],
    ),
    Story("disabled meanwhile", (put(0, settings=DISABLED, seed=SEEDED),), 1, [(0, "a", "Disabled", "Disabled")]),
    Story("enabled meanwhile", (put(0, seed=RestoredState(Phase.DISABLED, Reason.DISABLED, -5)),), 1, CAME[:1]),
    Story(
        "from a clock that went ahead",
        (connected(0), put(0, seed=RestoredState(Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, 9e9, seen=9e9))),
        500,
        [gone(100, "HeartbeatExpired")],
    ),
    Story(
        "a device that comes into the site late has its time too",
        (connected(0), put(300, seed=SEEDED)),
        500,
        [gone(400, "HeartbeatExpired")],
    ),
]

STORIES = [*PROOF, *GONE, *SESSIONS, *BROKER, *TELLER, *REPLAYS, *DEVICES, *SEEDS]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_story(story: Story) -> None:
    assert story.outcomes == story.transitions()
