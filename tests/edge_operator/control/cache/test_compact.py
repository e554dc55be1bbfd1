"""What is kept of an object in memory."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from edge_operator.control.cache.compact import compact

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(spec=VALUES, status=VALUES)
def test_nothing_but_managed_fields_is_left_out(spec: Any, status: Any) -> None:
    kept = {"metadata": {"name": "pump", "labels": {"a": "b"}}, "spec": spec, "status": status}
    body = {**kept, "metadata": {**kept["metadata"], "managedFields": [{"manager": "kubectl"}]}}
    before = json.dumps(body)
    assert compact(body) == kept
    assert json.dumps(body) == before, "what was given stays as it was"


def test_objects_share_their_strings() -> None:
    told = {
        "metadata": {"name": "pump"},
        "status": {"conditions": [{"type": "Ready", "message": "it is as it should"}]},
    }
    one, other = (compact(json.loads(json.dumps(told))) for _ in range(2))
    (this,), (that,) = one["status"]["conditions"], other["status"]["conditions"]
    assert this["message"] is that["message"]
    assert next(iter(this)) is next(iter(that))
