from dataclasses import replace
from typing import Any

import pytest

from edge_operator.api.schema import API_VERSION
from edge_operator.control.diff.action import (
    NOTHING_OWNED,
    Action,
    DesiredDigest,
    OwnerRef,
    decide,
    is_ours,
    is_unwanted,
)
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.control.diff.observed import Observed, Owner
from edge_operator.desired.kinds import PVC, SECRET

CLAIM = OwnerRef("EdgeSite", "hall", "uid-1")
MINE = Owner(API_VERSION, "EdgeSite", "hall", "uid-1")
FORMER = Owner(API_VERSION, "EdgeSite", "hall", "uid-0")
SIBLING = Owner(API_VERSION, "EdgeSite", "yard", "uid-2")
DEPLOYMENT = Owner("apps/v1", "Deployment", "hall", "uid-1")
OTHER_VERSION = Owner("edge-stack.io/v0", "EdgeSite", "hall", "uid-1")
KEY = ObjectKey(SECRET, "ns", "hall-root")
WANTED = DesiredDigest(KEY, "h", 7)
SEEN = Observed(
    key=KEY,
    uid="u",
    version="1",
    owner=MINE,
    site="hall",
    hash="h",
    owned=7,
    foreign=(),
    class_owned=False,
    deleting=False,
)
CLAIM_OF_VOLUME: dict[str, Any] = {"key": ObjectKey(PVC, "ns", "hall-storage-data"), "owner": None}


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        pytest.param({}, Action.NONE, id="as it should be"),
        pytest.param({"deleting": True}, Action.WAIT, id="being deleted"),
        pytest.param({"deleting": True, "owner": None}, Action.WAIT, id="somebody else's, being deleted"),
        pytest.param({"owner": FORMER}, Action.WAIT, id="of a deleted site of the name"),
        pytest.param({"owner": None}, Action.NOT_OURS, id="nobody's"),
        pytest.param({"owner": SIBLING}, Action.NOT_OURS, id="another site's"),
        pytest.param({"owner": DEPLOYMENT}, Action.NOT_OURS, id="another kind of owner"),
        pytest.param({"owner": replace(DEPLOYMENT, uid="uid-0")}, Action.NOT_OURS, id="another kind of the name"),
        pytest.param({"owner": OTHER_VERSION}, Action.NOT_OURS, id="another version of the API"),
        pytest.param({"owner": None, "last_owner": MINE}, Action.NONE, id="stripped while we watched"),
        pytest.param({"owner": None, "last_owner": SIBLING}, Action.NOT_OURS, id="stripped of another"),
        pytest.param({"owner": SIBLING, "last_owner": MINE}, Action.NOT_OURS, id="taken over"),
        pytest.param({"hash": None, "owned": NOTHING_OWNED}, Action.APPLY, id="never applied"),
        pytest.param({"hash": None, "owned": 8}, Action.REAPPLY, id="hash taken"),
        pytest.param({"hash": "old"}, Action.APPLY, id="intent changed"),
        pytest.param({"hash": "old", "owned": 8}, Action.APPLY, id="intent changed and fields taken"),
        pytest.param({"owned": 8}, Action.REAPPLY, id="fields taken"),
        pytest.param({"owned": 8, "foreign": (("f:data", "f:x"),)}, Action.REAPPLY, id="fields taken and added"),
        pytest.param({"foreign": (("f:data", "f:x"),)}, Action.STRIP, id="added to"),
        pytest.param(CLAIM_OF_VOLUME, Action.NONE, id="volume by label"),
        pytest.param(CLAIM_OF_VOLUME | {"site": "yard"}, Action.NOT_OURS, id="volume of another site"),
        pytest.param(CLAIM_OF_VOLUME | {"site": None}, Action.NOT_OURS, id="volume without our label"),
        pytest.param(CLAIM_OF_VOLUME | {"owner": MINE}, Action.NONE, id="volume that goes with the site"),
        pytest.param(CLAIM_OF_VOLUME | {"owner": DEPLOYMENT}, Action.NOT_OURS, id="labelled volume of another owner"),
    ],
)
def test_verdict(changes: dict[str, Any], action: Action) -> None:
    seen = replace(SEEN, **changes)
    assert decide(replace(WANTED, key=seen.key), seen, CLAIM) is action


def test_unknown_object_is_looked_at() -> None:
    assert decide(WANTED, None, CLAIM) is Action.READ


@pytest.mark.parametrize(
    ("changes", "unwanted"),
    [
        pytest.param({}, True, id="ours"),
        pytest.param({"deleting": True}, False, id="on its way"),
        pytest.param({"owner": None}, False, id="by label alone: retained"),
        pytest.param({"owner": None, "last_owner": MINE}, False, id="stripped"),
        pytest.param({"owner": SIBLING}, False, id="another site's"),
        pytest.param({"owner": FORMER}, False, id="the garbage collector's"),
        pytest.param({"owner": DEPLOYMENT}, False, id="another kind's"),
    ],
)
def test_unwanted(changes: dict[str, Any], *, unwanted: bool) -> None:
    assert is_unwanted(replace(SEEN, **changes), CLAIM) is unwanted


def test_what_is_unwanted_is_ours() -> None:
    assert is_ours(SEEN, CLAIM)
