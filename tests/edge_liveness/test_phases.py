"""The words of a device's state in its status and its spec."""

from itertools import product

import pytest

from edge_liveness import Phase, Presence, Reason, RestoredState

REASONS = {
    "Online": {"HeartbeatReceived"},
    "Offline": {"Disconnected", "LastWill", "HeartbeatExpired"},
    "Unknown": {"SiteUnreachable", "BrokerRestarted"},
    "Pending": {"NotYetSeen"},
    "Disabled": {"Disabled"},
}


def test_words() -> None:
    assert [*Phase] == [*REASONS]
    assert {*Reason} == set().union(*REASONS.values())
    assert [*Presence] == ["Connected", "Intermittent"]


@pytest.mark.parametrize(("phase", "reason"), [*product(REASONS, Reason)])
def test_stored_status_is_a_seed_where_its_phase_and_reason_go_together(phase: str, reason: str) -> None:
    seed = RestoredState.from_status(phase, reason, since=1.0)

    assert seed == (RestoredState(Phase(phase), Reason(reason), 1.0) if reason in REASONS[phase] else None)
