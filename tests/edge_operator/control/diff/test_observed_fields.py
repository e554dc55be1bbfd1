"""The cached parts of an object: its annotations, its body, and the owner of each field."""

from typing import Any

import pytest

from edge_operator.control.diff.desired_object import INTENT_HASH
from edge_operator.control.diff.observed import foreign_content, lost_paths, observe, own_paths
from edge_operator.desired.kinds import DEPLOYMENT, NETWORK_POLICY, PVC, SECRET, SERVICE

OURS = {"manager": "edge-stack", "operation": "Apply"}
THEIRS = {"manager": "kubectl", "operation": "Apply"}


def entry(who: dict[str, str], **fields: Any) -> dict[str, Any]:
    return who | {"fieldsV1": {f"f:{name}": below for name, below in fields.items()}}


def obj(*managed: dict[str, Any], **more: Any) -> dict[str, Any]:
    head = {"name": "a", "namespace": "ns", "uid": "u", "resourceVersion": "1", "managedFields": list(managed)}
    return {"metadata": head | more.pop("metadata", {}), **more}


def test_annotations_of_ours_beside_the_hash_are_kept() -> None:
    given = {"edge-stack.io/rotation": "1", INTENT_HASH: "h", "kubectl.kubernetes.io/restartedAt": "x"}
    assert observe(SECRET, obj(metadata={"annotations": given})).annotations == {"edge-stack.io/rotation": "1"}


def test_hash_counts_while_it_is_ours_and_there() -> None:
    ours = entry(OURS, metadata={"f:annotations": {f"f:{INTENT_HASH}": {}}})
    assert observe(SECRET, obj(ours, metadata={"annotations": {INTENT_HASH: "h"}})).hash == "h"
    assert observe(SECRET, obj(metadata={"annotations": {INTENT_HASH: "h"}})).hash is None
    assert observe(SECRET, obj(ours)).hash is None


def test_body_is_kept_only_of_kinds_with_a_status_that_is_needed() -> None:
    body = {"spec": {"replicas": 3}, "status": {"readyReplicas": 2}, "metadata": {"generation": 4}}
    assert observe(DEPLOYMENT, obj(**body)).body == {"status": {"readyReplicas": 2}, "generation": 4}
    spec: dict[str, Any] = {"ports": []}
    status: dict[str, Any] = {"loadBalancer": {}}
    assert observe(SERVICE, obj(spec=spec, status=status)).body == {"spec": spec, "status": status, "generation": None}
    assert observe(PVC, obj(spec=spec, status=status)).body == {"spec": spec, "status": status, "generation": None}
    assert observe(SECRET, obj(data={"x": "y"})).body == {}


@pytest.mark.parametrize(
    ("fields", "owned"),
    [({"f:storageClassName": {}}, True), ({"f:resources": {}}, False)],
    ids=["set by us", "set by default"],
)
def test_class_of_a_volume_is_ours_where_we_have_set_it(fields: dict[str, Any], *, owned: bool) -> None:
    assert observe(PVC, obj(entry(OURS, spec=fields))).class_owned is owned


def test_entries_without_fields_own_nothing() -> None:
    metadata = obj(OURS, THEIRS)["metadata"]
    assert own_paths(metadata) == frozenset()
    assert lost_paths(SECRET, metadata, frozenset()) == {}


def test_apply_of_another_manager_is_not_ours() -> None:
    metadata = obj(entry(THEIRS, data={"f:b": {}}), entry(OURS, data={"f:a": {}}))["metadata"]
    assert own_paths(metadata) == {("f:data", "f:a")}


def test_field_that_is_shared_is_not_foreign() -> None:
    shared: dict[str, Any] = {"f:a": {}}
    assert observe(SECRET, obj(entry(OURS, data=shared), entry(THEIRS, data=shared))).foreign == ()


def test_what_lies_in_a_whole_field_of_ours_is_covered() -> None:
    seen = observe(SECRET, obj(entry(OURS, data={}), entry(THEIRS, data={"f:b": {}})))
    assert seen.foreign == ()


def test_members_themselves_are_no_content() -> None:
    metadata = obj(entry(THEIRS, spec={"f:podSelector": {".": {}, "f:matchLabels": {}}}))["metadata"]
    found = foreign_content(NETWORK_POLICY, metadata, frozenset())
    assert found == (("f:spec", "f:podSelector", "f:matchLabels"),)


def test_paths_have_one_order() -> None:
    names = [f"f:{letter}" for letter in "fbdacegh"]
    metadata = obj(entry(THEIRS, data={name: {} for name in names}))["metadata"]
    wanted = [("f:data", name) for name in sorted(names)]
    assert list(foreign_content(SECRET, metadata, frozenset())) == wanted
    assert list(lost_paths(SECRET, metadata, frozenset())) == wanted
