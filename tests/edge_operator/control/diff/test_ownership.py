from typing import Any

import pytest

from edge_operator.control.diff.desired_object import INTENT_HASH, desired_object, with_uid
from edge_operator.control.diff.observed import foreign_content, foreign_paths, lost_paths, observe, own_paths
from edge_operator.control.diff.ownership import digest, owned_paths, readable, recorded_paths
from edge_operator.desired.kinds import NETWORK_POLICY, PVC, SECRET, SERVICE, ChildKind

AFFINITY = "f:spec/f:template/f:spec/f:affinity"
REQUIRED, PREFERRED = (
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
)
TERMS = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "arch", "operator": "In", "values": ["arm"]}]}]}
WEIGHTED = {"weight": 1, "preference": {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}}
CONTAINER = 'f:spec/f:template/f:spec/f:containers/k:{"name":"c"}'
PORT = {"name": "http", "containerPort": 8080, "protocol": "TCP"}
PORT_PATH = 'f:ports/k:{"containerPort":8080,"protocol":"TCP"}'
PORT_FIELDS = (".", "f:name", "f:containerPort", "f:protocol")


def manifest(kind: str, **body: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "namespace": "ns"}, **body}


def owned(kind: str, **body: Any) -> set[str]:
    return {"/".join(path) for path in owned_paths(manifest(kind, **body)) if path != ("f:metadata",)}


@pytest.mark.parametrize(
    ("kind", "body", "paths"),
    [
        pytest.param("X", {"spec": {"a": 1, "b": {"c": "x"}}}, {"f:spec/f:a", "f:spec/f:b/f:c"}, id="scalars"),
        pytest.param("X", {"spec": {"a": None}}, {"f:spec/f:a"}, id="null"),
        pytest.param("X", {"spec": {}}, {"f:spec"}, id="empty map"),
        pytest.param("X", {"spec": {"a": []}}, {"f:spec/f:a"}, id="empty list"),
        pytest.param("X", {"spec": {"args": ["a", "b"]}}, {"f:spec/f:args"}, id="atomic list"),
        pytest.param(
            "X",
            {"spec": {"env": [{"name": "A", "value": "1"}]}},
            {
                'f:spec/f:env/k:{"name":"A"}/.',
                'f:spec/f:env/k:{"name":"A"}/f:name',
                'f:spec/f:env/k:{"name":"A"}/f:value',
            },
            id="list with keys",
        ),
        pytest.param(
            "Service",
            {"spec": {"ports": [{"port": 80, "protocol": "TCP"}]}},
            {
                'f:spec/f:ports/k:{"port":80,"protocol":"TCP"}/.',
                'f:spec/f:ports/k:{"port":80,"protocol":"TCP"}/f:port',
                'f:spec/f:ports/k:{"port":80,"protocol":"TCP"}/f:protocol',
            },
            id="ports of a Service",
        ),
        pytest.param("Service", {"spec": {"selector": {"a": "b"}}}, {"f:spec/f:selector"}, id="selector"),
        pytest.param(
            "NetworkPolicy",
            {
                "spec": {
                    "podSelector": {"matchLabels": {"a": "b"}},
                    "policyTypes": ["Ingress"],
                    "ingress": [{"ports": [{"port": 80, "protocol": "TCP"}], "from": [{"podSelector": {}}]}],
                    "egress": [],
                }
            },
            {"f:spec/f:podSelector", "f:spec/f:policyTypes", "f:spec/f:ingress", "f:spec/f:egress"},
            id="policy rules and their ports",
        ),
        pytest.param(
            "Deployment",
            {"spec": {"template": {"spec": {"affinity": {"nodeAffinity": {REQUIRED: TERMS, PREFERRED: [WEIGHTED]}}}}}},
            {f"{AFFINITY}/f:nodeAffinity/f:{REQUIRED}", f"{AFFINITY}/f:nodeAffinity/f:{PREFERRED}"},
            id="required nodes are one leaf",
        ),
        pytest.param(
            "Deployment",
            {"spec": {"template": {"spec": {"affinity": {"podAntiAffinity": {REQUIRED: [{"topologyKey": "h"}]}}}}}},
            {f"{AFFINITY}/f:podAntiAffinity/f:{REQUIRED}"},
            id="required pods are an atomic list",
        ),
        pytest.param(
            "Deployment",
            {"spec": {"template": {"spec": {"containers": [{"name": "c", "ports": [PORT]}]}}}},
            {f"{CONTAINER}/.", f"{CONTAINER}/f:name", *(f"{CONTAINER}/{PORT_PATH}/{each}" for each in PORT_FIELDS)},
            id="ports of a container",
        ),
        pytest.param(
            "X",
            {"spec": {"imagePullSecrets": [{"name": "p"}]}},
            {'f:spec/f:imagePullSecrets/k:{"name":"p"}'},
            id="items that are leaves",
        ),
    ],
)
def test_owned_paths(kind: str, body: dict[str, Any], paths: set[str]) -> None:
    assert owned(kind, **body) == paths


def test_identity_is_not_owned() -> None:
    body = manifest("X")
    body["metadata"] |= {"uid": "u", "resourceVersion": "1", "labels": {"a": "b"}}
    assert owned_paths(body) == {("f:metadata", "f:labels", "f:a")}


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({}, set()),
        ({"f:a": {}}, {("f:a",)}),
        ({"f:a": {".": {}, "f:b": {}}}, {("f:a", "."), ("f:a", "f:b")}),
        ({"f:l": {'k:{"n":1}': {".": {}}}}, {("f:l", 'k:{"n":1}', ".")}),
    ],
)
def test_recorded_paths(fields: dict[str, Any], paths: set[tuple[str, ...]]) -> None:
    assert recorded_paths(fields) == paths


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), "."),
        (("f:spec", "f:replicas"), ".spec.replicas"),
        (("f:spec", "f:containers", 'k:{"name":"gw"}', "f:image"), ".spec.containers[name=gw].image"),
        (("f:ports", 'k:{"port":80,"protocol":"TCP"}', "."), ".ports[port=80,protocol=TCP]"),
        (("f:finalizers", 'v:"x"'), ".finalizers"),
    ],
)
def test_readable(path: tuple[str, ...], text: str) -> None:
    assert readable(path) == text


def test_digest_is_of_the_set() -> None:
    a, b = ("f:a",), ("f:b", "f:c")
    assert digest(frozenset([a, b])) == digest(frozenset([b, a])) != digest(frozenset([a]))


def test_intent_is_the_same_for_the_same_manifest_however_it_is_ordered() -> None:
    first, second = manifest("Secret", data={"a": "1", "b": "2"}), manifest("Secret", data={"b": "2", "a": "1"})
    assert (desired_object(first).hash, desired_object(first).owned) == (
        desired_object(second).hash,
        desired_object(second).owned,
    )
    assert desired_object(first).hash != desired_object(manifest("Secret", data={"a": "1"})).hash


def test_hash_of_an_intent_is_frozen() -> None:
    intent = desired_object(manifest("Secret", data={"b": "2", "a": "1"}))
    assert intent.hash == "3779848c9ae16eb3", "another one has every child of every site applied again by an upgrade"


def test_intent_marks_without_touching_what_it_was_given() -> None:
    given = manifest("Secret")
    given["metadata"]["annotations"] = {"x": "y"}
    intent = desired_object(given)
    assert intent.manifest["metadata"]["annotations"] == {"x": "y", INTENT_HASH: intent.hash}
    assert given["metadata"]["annotations"] == {"x": "y"}
    assert str(intent.key) == "Secret ns/a"
    assert ("f:metadata", "f:annotations", f"f:{INTENT_HASH}") in intent.paths


def test_pinned_intent_owns_the_same() -> None:
    intent = desired_object(manifest("Secret", data={"a": "1"}))
    assert with_uid(intent, "u").manifest["metadata"]["uid"] == "u"
    assert with_uid(intent, "u").paths == intent.paths
    assert "uid" not in intent.manifest["metadata"]


OURS = {"manager": "edge-stack", "operation": "Apply", "fieldsV1": {"f:data": {"f:a": {}}}}
FORMER = {"manager": "edge-stack", "operation": "Update", "fieldsV1": {"f:data": {"f:u": {}}}}
STATUS = OURS | {"subresource": "status", "fieldsV1": {"f:status": {"f:x": {}}}}
THEIRS = {"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:data": {".": {}, "f:b": {}}, "f:type": {}}}


def obj(*managed: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    head = {"name": "a", "namespace": "ns", "uid": "u", "resourceVersion": "1", "managedFields": list(managed)}
    return {"metadata": head | metadata}


def test_only_our_apply_is_ours() -> None:
    metadata = obj(FORMER, STATUS, THEIRS, OURS)["metadata"]
    assert own_paths(metadata) == {("f:data", "f:a")}
    assert foreign_paths(metadata)["f:data", "f:b"] == "kubectl"
    assert own_paths({}) == frozenset()


def test_foreign_content_is_what_others_added_to_what_is_exactly_ours() -> None:
    seen = observe(SECRET, obj(OURS, THEIRS))
    assert seen.foreign == (("f:data", "f:b"),)
    assert observe(SERVICE, obj(OURS, THEIRS)).foreign == ()


def test_what_lies_inside_an_atomic_field_of_ours_is_covered() -> None:
    ours = frozenset({("f:spec", "f:ingress")})
    metadata = {"managedFields": [{"manager": "x", "fieldsV1": {"f:spec": {"f:ingress": {"f:a": {}}, "f:egress": {}}}}]}
    assert foreign_content(NETWORK_POLICY, metadata, ours) == (("f:spec", "f:egress"),)


TAKEN: dict[str, tuple[ChildKind, list[dict[str, Any]], set[tuple[str, ...]], dict[tuple[str, ...], str]]] = {
    "nothing": (SECRET, [OURS], {("f:data", "f:a")}, {}),
    "by another": (
        SECRET,
        [OURS, THEIRS],
        {("f:data", "f:a"), ("f:type",)},
        {("f:data", "f:b"): "kubectl", ("f:type",): "kubectl"},
    ),
    "removed": (SERVICE, [OURS], {("f:data", "f:a"), ("f:type",)}, {("f:type",): "unknown"}),
    "added where others may add": (SERVICE, [OURS, THEIRS], {("f:data", "f:a")}, {}),
    "everything": (SERVICE, [], {("f:data", "f:a")}, {("f:data", "f:a"): "unknown"}),
    "by another without a name": (SERVICE, [{**THEIRS, "manager": ""}], {("f:type",)}, {("f:type",): "unknown"}),
}


@pytest.mark.parametrize(("kind", "managed", "wanted", "taken"), TAKEN.values(), ids=TAKEN)
def test_which_fields_are_retaken_and_from_which_managers(
    kind: ChildKind,
    managed: list[dict[str, Any]],
    wanted: set[tuple[str, ...]],
    taken: dict[tuple[str, ...], str],
) -> None:
    assert lost_paths(kind, obj(*managed)["metadata"], frozenset(wanted)) == taken


def test_observation_of_little() -> None:
    seen = observe(PVC, {"metadata": {"name": "a", "namespace": "ns", "uid": "u", "resourceVersion": "1"}})
    assert (seen.owner, seen.site, seen.hash, seen.deleting, seen.class_owned) == (None, None, None, False, False)
    assert seen.body == {"spec": {}, "status": {}, "generation": None}


def test_label_of_the_site_counts_only_with_ours() -> None:
    labels = {"edge-stack.io/site": "s"}
    assert observe(SECRET, obj(labels=labels)).site is None
    assert observe(SECRET, obj(labels=labels | {"app.kubernetes.io/managed-by": "edge-stack"})).site == "s"
