"""The life of a device as its status tells it."""

from dataclasses import replace
from typing import Any

import pytest

from edge_liveness import MAX_SESSION_CHARACTERS, Phase, Reason
from edge_operator.status.connectivity import CONNECTED, Connectivity, connectivity_update, is_stale, is_wrong

NOW = "2026-11-25T12:00:00Z"
ALIVE = Connectivity("Online", "HeartbeatReceived", "2026-11-25T11:00:00Z", NOW, "7", {"firmware": "1"})


def told(life: Connectivity, before: dict[str, Any] | None = None, now: str = NOW) -> dict[str, Any]:
    status = connectivity_update(life, before or {}, 3, now)
    assert status is not None
    return status


def test_every_reason_of_the_state_machine_can_be_told() -> None:
    assert {reason.value for reason in Reason} <= set(CONNECTED)


def test_status_of_a_device_that_is_alive() -> None:
    assert told(ALIVE) == {
        "phase": "Online",
        "connectivity": {
            "reason": "HeartbeatReceived",
            "sinceTime": "2026-11-25T11:00:00Z",
            "lastSeenTime": NOW,
            "session": "7",
        },
        "reported": {"firmware": "1"},
        "conditions": [
            {
                "type": "Connected",
                "status": "True",
                "reason": "HeartbeatReceived",
                "message": "the device sends messages",
                "observedGeneration": 3,
                "lastTransitionTime": NOW,
            }
        ],
    }


STANDING = {
    "alive": ALIVE,
    "never heard": Connectivity("Pending", "CredentialsPending", NOW),
    "names a session that is too long for the status": replace(ALIVE, session="s" * (MAX_SESSION_CHARACTERS + 1)),
}


@pytest.mark.parametrize("life", STANDING.values(), ids=STANDING)
def test_nothing_is_written_that_stands_there_already(life: Connectivity) -> None:
    assert connectivity_update(life, told(life), 4, "later") is None


def test_long_session_is_cut_as_the_crd_has_it() -> None:
    status = told(replace(ALIVE, session="s" * (MAX_SESSION_CHARACTERS + 1)))
    assert status["connectivity"]["session"] == "s" * MAX_SESSION_CHARACTERS


@pytest.mark.parametrize(
    ("change", "turned", "stale"),
    [
        ({"phase": "Offline", "reason": "LastWill"}, True, False),
        ({"reason": "BrokerRestarted"}, True, False),
        ({"since": "another"}, True, False),
        ({"last_seen": "another"}, False, True),
        ({"session": "8"}, False, True),
        ({"reported": {"firmware": "2"}}, False, True),
        ({"session": "7"}, False, False),
    ],
)
def test_what_may_wait_is_told_apart(change: dict[str, Any], *, turned: bool, stale: bool) -> None:
    before, life = told(ALIVE), replace(ALIVE, **change)
    assert (is_wrong(life, before), is_stale(life, before)) == (turned, stale)
    assert (connectivity_update(life, before, 3, NOW) is not None) == (turned or stale)


def test_condition_of_others_says_nothing_and_a_lost_one_is_put_back() -> None:
    before = told(ALIVE)
    more = {"type": "Ready", "status": "True", "reason": "X", "message": "", "lastTransitionTime": NOW}
    assert connectivity_update(ALIVE, before | {"conditions": [more, *before["conditions"]]}, 3, NOW) is None
    assert connectivity_update(ALIVE, before | {"conditions": [more]}, 3, NOW) is not None
    assert (
        connectivity_update(ALIVE, {key: value for key, value in before.items() if key != "conditions"}, 3, NOW)
        is not None
    )


@pytest.mark.parametrize("edit", [{"status": "False"}, {"reason": "LastWill"}], ids=str)
def test_condition_that_says_otherwise_than_the_life_is_corrected(edit: dict[str, str]) -> None:
    before = told(ALIVE)
    (connected,) = before["conditions"]
    assert connectivity_update(ALIVE, before | {"conditions": [connected | edit]}, 3, NOW) is not None


def test_status_that_tells_nothing_lacks_what_is_known_and_nothing_else() -> None:
    assert is_stale(ALIVE, {})
    assert not is_stale(Connectivity("Pending", "CredentialsPending", NOW), {})


def test_transition_time_moves_on_a_flip_alone() -> None:
    before = told(ALIVE, now="2026-11-25T11:00:00Z")
    refreshed = told(replace(ALIVE, last_seen="another"), before)
    assert refreshed["conditions"][0]["lastTransitionTime"] == "2026-11-25T11:00:00Z"
    gone = told(replace(ALIVE, phase="Offline", reason="LastWill"), before)
    assert gone["conditions"][0]["lastTransitionTime"] == NOW


def test_what_is_not_known_is_left_out() -> None:
    status = told(Connectivity("Pending", "CredentialsPending", NOW))
    assert status["connectivity"] == {"reason": "CredentialsPending", "sinceTime": NOW}
    assert "reported" not in status


def test_phases_are_those_of_the_state_machine() -> None:
    assert {phase.value for phase in Phase} == {"Online", "Offline", "Unknown", "Pending", "Disabled"}
