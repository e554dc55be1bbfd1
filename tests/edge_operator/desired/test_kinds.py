"""The kinds of the objects that the operator creates."""

import pytest

from edge_operator.desired.kinds import CHILD_KINDS, ChildKind, kind_of


@pytest.mark.parametrize("kind", CHILD_KINDS, ids=lambda kind: kind.kind)
def test_kind_of_a_manifest(kind: ChildKind) -> None:
    assert kind_of({"apiVersion": kind.api_version, "kind": kind.kind}) is kind


def test_kind_that_is_not_listed_is_named_with_what_to_do() -> None:
    message = r"Pod \(v1\) is not in CHILD_KINDS: add it to operator/edge_operator/desired/kinds.py"
    with pytest.raises(LookupError, match=message):
        kind_of({"apiVersion": "v1", "kind": "Pod"})
