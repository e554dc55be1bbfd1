"""Conditions of a device's identity, as a table."""

from dataclasses import replace
from typing import Any

import pytest

from edge_operator.status.device import DeviceFacts, device_update, evaluate
from edge_operator.status.facts import Problem

NOW, THEN = "2026-07-01T12:00:00Z", "2026-06-01T12:00:00Z"
WELL = DeviceFacts(3, "d1", secret_name="d1-device-credentials", host="edge.example.com")
GONE = Problem("SiteNotFound", "there is no EdgeSite ns/a")
SOON = Problem("SiteNotReconciled", "not yet", lasting=False)
STALLED, RECONCILING = replace(WELL, problems=(GONE,)), replace(WELL, problems=(SOON,))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (WELL, {"Ready": "True Reconciled", "CredentialsReady": "True CredentialsIssued"}),
        (
            replace(WELL, host="a-gateway.ns.svc", in_cluster_only=True),
            {"Ready": "True Reconciled", "CredentialsReady": "True InClusterOnly"},
        ),
        (
            replace(WELL, managed_broker=False),
            {"Ready": "True Reconciled", "CredentialsReady": "Unknown ExternalBroker"},
        ),
        (
            replace(WELL, problems=(GONE,)),
            {"Ready": "False SiteNotFound", "CredentialsReady": "False SiteNotFound", "Stalled": "True SiteNotFound"},
        ),
        (
            replace(WELL, problems=(SOON,)),
            {
                "Ready": "False SiteNotReconciled",
                "CredentialsReady": "False SiteNotReconciled",
                "Reconciling": "True SiteNotReconciled",
            },
        ),
        (
            replace(WELL, terminating=("Secret ns/x",)),
            {
                "Ready": "False WaitingForDeletion",
                "CredentialsReady": "False WaitingForDeletion",
                "Reconciling": "True WaitingForDeletion",
            },
        ),
    ],
    ids=["well", "in cluster only", "external broker", "no site", "site not up", "old Secret leaving"],
)
def test_table(facts: DeviceFacts, expected: dict[str, str]) -> None:
    assert {
        condition_type: f"{what.status} {what.reason}" for condition_type, what in evaluate(facts).items()
    } == expected


def test_nothing_is_written_where_it_is_said_already() -> None:
    status = device_update(WELL, {}, NOW)
    assert status is not None
    assert (status["deviceId"], status["observedGeneration"]) == ("d1", 3)
    others = {"phase": "Online", "connectivity": {"reason": "x"}}
    connected = {"type": "Connected", "status": "True", "lastTransitionTime": THEN, "reason": "x", "message": ""}
    before = {**status, **others, "conditions": [connected, *reversed(status["conditions"])]}
    assert device_update(WELL, before, NOW) is None, "what liveness owns is none of ours"


def test_defaults_are_those_of_a_device_of_which_only_its_identifier_is_known() -> None:
    assert DeviceFacts(3, "d1") == DeviceFacts(
        3,
        "d1",
        secret_name="",
        host="",
        in_cluster_only=False,
        managed_broker=True,
        user_password=False,
        terminating=(),
        problems=(),
    )


@pytest.mark.parametrize("edits", [{"observedGeneration": 2}, {"deviceId": "d2"}, {"conditions": []}], ids=str)
def test_field_that_others_have_edited_is_put_back(edits: dict[str, Any]) -> None:
    status = device_update(WELL, {}, NOW)
    assert status is not None
    assert device_update(WELL, status | edits, NOW) == status


CONDITION_TYPES = {"Ready": WELL, "CredentialsReady": WELL, "Stalled": STALLED, "Reconciling": RECONCILING}


@pytest.mark.parametrize(("aspect", "facts"), CONDITION_TYPES.items(), ids=CONDITION_TYPES)
def test_condition_that_others_have_edited_is_put_back(aspect: str, facts: DeviceFacts) -> None:
    status = device_update(facts, {}, NOW)
    assert status is not None
    edited = [each | {"message": "edited"} if each["type"] == aspect else each for each in status["conditions"]]
    assert device_update(facts, status | {"conditions": edited}, NOW) == status


def test_time_moves_on_a_flip_only() -> None:
    before = device_update(replace(WELL, problems=(GONE,)), {}, THEN)
    assert before is not None
    after = device_update(replace(WELL, problems=(SOON,)), before, NOW)
    assert after is not None
    assert {each["type"]: each["lastTransitionTime"] for each in after["conditions"]} == {
        "Ready": THEN,
        "CredentialsReady": THEN,
        "Reconciling": NOW,
    }
