"""The words for one device's life: found once, and the same while nothing changes."""

from typing import Any

import pytest

from edge_liveness import DeviceSnapshot, Phase, Reason
from edge_operator.control.liveness.connectivity_snapshot import ConnectivitySnapshot
from edge_operator.status.connectivity import Connectivity
from tests.edge_operator.control.samples import Time, device

TIME = Time()
NOW = TIME.text(1000.0)


def known(phase: Phase = Phase.ONLINE, reason: Reason = Reason.HEARTBEAT_RECEIVED, **more: Any) -> DeviceSnapshot:
    given: dict[str, Any] = {"since": 990.0, "seen": 995.0, "session": None, "reported": (), **more}
    return DeviceSnapshot(device_id="pump", phase=phase, reason=reason, **given)


def told(status: dict[str, Any], what: DeviceSnapshot | None, **spec: Any) -> Connectivity:
    pump = device(status=status, **spec)
    return ConnectivitySnapshot(pump, what, TIME.clocks).render(pump, what)


def stands(phase: str, since: str = "then", seen: str = "") -> dict[str, Any]:
    return {"phase": phase, "connectivity": {"sinceTime": since} | ({"lastSeenTime": seen} if seen else {})}


NEVER: dict[str, Any] = {"seen": None}
SINCE: dict[str, tuple[dict[str, Any], DeviceSnapshot | None, tuple[str, str, str]]] = {
    "nothing is known": ({}, None, ("Pending", "CredentialsPending", NOW)),
    "nothing is known still": (stands("Pending"), None, ("Pending", "CredentialsPending", "then")),
    "the status has no time": ({"phase": "Pending"}, None, ("Pending", "CredentialsPending", NOW)),
    "it came": (stands("Pending"), known(), ("Online", "HeartbeatReceived", TIME.text(990.0))),
    "it is there still": (stands("Online"), known(), ("Online", "HeartbeatReceived", "then")),
    "it was let in": (
        stands("Pending"),
        known(Phase.PENDING, Reason.NOT_YET_SEEN, **NEVER),
        ("Unknown", "NotYetSeen", NOW),
    ),
    "it is not disabled any more": (
        stands("Disabled"),
        known(Phase.DISABLED, Reason.DISABLED, **NEVER),
        ("Unknown", "NotYetSeen", NOW),
    ),
}


@pytest.mark.parametrize(("status", "what", "expected"), SINCE.values(), ids=SINCE)
def test_phase_and_since_when(
    status: dict[str, Any], what: DeviceSnapshot | None, expected: tuple[str, str, str]
) -> None:
    life = told(status, what)
    assert (life.phase, life.reason, life.since) == expected


SEEN: dict[str, tuple[str, DeviceSnapshot | None, str]] = {
    "never": ("", known(**NEVER), ""),
    "never, and nothing is known": ("", None, ""),
    "for the first time": ("", known(), TIME.text(995.0)),
    "as the status says, in other words": ("2026-11-25T12:59:56+01:00", known(), "2026-11-25T12:59:56+01:00"),
    "a little before, by a clock that drifts": ("2026-11-25T11:59:54.5Z", known(), "2026-11-25T11:59:54.5Z"),
    "a second before": ("2026-11-25T11:59:54.4Z", known(), TIME.text(995.0)),
    "long before": ("2026-11-25T11:00:00Z", known(), TIME.text(995.0)),
    "after, before a clock was set back": ("2026-11-25T13:00:00Z", known(), TIME.text(995.0)),
    "by the one who led before, and not since": ("2026-11-25T11:00:00Z", known(**NEVER), "2026-11-25T11:00:00Z"),
    "by the one who led before, and nothing is known": ("2026-11-25T11:00:00Z", None, "2026-11-25T11:00:00Z"),
    "at a time that cannot be read": ("yesterday", known(), TIME.text(995.0)),
}


@pytest.mark.parametrize(("before", "what", "after"), SEEN.values(), ids=SEEN)
def test_when_it_was_seen_last(before: str, what: DeviceSnapshot | None, after: str) -> None:
    assert told(stands("Online", seen=before), what).last_seen == after


def test_time_that_is_not_known_any_more_stays_as_it_was_written() -> None:
    pump = device()
    snapshot = ConnectivitySnapshot(pump, known(), TIME.clocks)
    seen = snapshot.render(pump, known()).last_seen
    assert snapshot.render(pump, known(**NEVER)).last_seen == seen == TIME.text(995.0)


@pytest.mark.parametrize(
    ("what", "session", "reported"),
    [
        (None, "", {}),
        (known(), "", {}),
        (known(session="7", reported=(("firmware", "2"),)), "7", {"firmware": "2"}),
    ],
    ids=["nothing known", "nothing said", "both"],
)
def test_reported_values(what: DeviceSnapshot | None, session: str, reported: dict[str, str]) -> None:
    life = told({}, what)
    assert (life.session, life.reported) == (session, reported)
