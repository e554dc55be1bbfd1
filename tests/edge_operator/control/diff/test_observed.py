"""Which patch removes what others have added to our content."""

from typing import Any

import pytest

from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.control.diff.observed import Observed, without_foreign
from edge_operator.control.diff.ownership import Path
from edge_operator.desired.kinds import SECRET

PATCHES: dict[str, tuple[tuple[Path, ...], dict[str, Any]]] = {
    "one key": ((("f:data", "f:b"),), {"data": {"b": None}}),
    "two keys": ((("f:data", "f:b"), ("f:data", "f:c")), {"data": {"b": None, "c": None}}),
    "a whole field": ((("f:spec", "f:egress"),), {"spec": {"egress": None}}),
    "deeper": ((("f:spec", "f:podSelector", "f:matchLabels"),), {"spec": {"podSelector": {"matchLabels": None}}}),
    "below an item of a list": ((("f:spec", 'k:{"a":1}', "f:b", "."),), {"spec": {"b": None}}),
    "what lies in another that goes": ((("f:data",), ("f:data", "f:b")), {"data": None}),
}


@pytest.mark.parametrize(("foreign", "patch"), PATCHES.values(), ids=PATCHES)
def test_patch_that_strips(foreign: tuple[Path, ...], patch: dict[str, Any]) -> None:
    key = ObjectKey(SECRET, "factory", "x")
    seen = Observed(key, "u-1", "1", None, None, None, 0, foreign, class_owned=False, deleting=False)
    assert without_foreign(seen) == {"metadata": {"uid": "u-1"}, **patch}
