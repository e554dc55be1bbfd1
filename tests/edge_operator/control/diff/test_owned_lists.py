"""Which lists have keys and which maps are leaves, as Kubernetes' OpenAPI has them: one case for each name."""

from typing import Any

import pytest

from edge_operator.control.diff.ownership import owned_paths

POD = ("spec", "template", "spec")


def nested(fields: tuple[str, ...], value: Any) -> dict[str, Any]:
    for field in reversed(fields):
        value = {field: value}
    assert isinstance(value, dict)
    return value


def owned(kind: str, fields: tuple[str, ...], value: Any) -> set[str]:
    """Return the paths below `fields` that are owned."""
    manifest = {"apiVersion": "v1", "kind": kind, "metadata": {}} | nested(fields, value)
    prefix = "/".join(f"f:{field}" for field in fields)
    paths = {"/".join(path) for path in owned_paths(manifest)} - {"f:metadata"}
    assert all(path.startswith(prefix) for path in paths)
    return {path.removeprefix(prefix).removeprefix("/") for path in paths}


WITH_KEYS: dict[str, tuple[dict[str, Any], str]] = {
    "containers": ({"name": "a", "image": "i"}, '{"name":"a"}'),
    "initContainers": ({"name": "a", "image": "i"}, '{"name":"a"}'),
    "volumes": ({"name": "a", "emptyDir": {}}, '{"name":"a"}'),
    "env": ({"name": "a", "value": "v"}, '{"name":"a"}'),
    "volumeMounts": ({"name": "a", "mountPath": "/a"}, '{"mountPath":"/a"}'),
    "topologySpreadConstraints": (
        {"maxSkew": 1, "whenUnsatisfiable": "w", "topologyKey": "t"},
        '{"topologyKey":"t","whenUnsatisfiable":"w"}',
    ),
    "ports": ({"protocol": "TCP", "containerPort": 1}, '{"containerPort":1,"protocol":"TCP"}'),
}


@pytest.mark.parametrize(("field", "item", "key"), [(field, *case) for field, case in WITH_KEYS.items()], ids=WITH_KEYS)
def test_items_of_a_list_with_keys_are_members_themselves(field: str, item: dict[str, Any], key: str) -> None:
    assert owned("Deployment", (*POD, field), [item]) == {f"k:{key}/.", *(f"k:{key}/f:{each}" for each in item)}


@pytest.mark.parametrize(
    ("kind", "fields", "item", "key"),
    [
        ("Deployment", (*POD, "imagePullSecrets"), {"name": "a"}, '{"name":"a"}'),
        ("Secret", ("metadata", "ownerReferences"), {"uid": "u", "name": "a"}, '{"uid":"u"}'),
    ],
    ids=["pull Secrets", "owners"],
)
def test_items_that_are_leaves(kind: str, fields: tuple[str, ...], item: dict[str, Any], key: str) -> None:
    manifest = {"apiVersion": "v1", "kind": kind, "metadata": {}} | nested(fields, [item])
    paths = {"/".join(path) for path in owned_paths(manifest)} - {"f:metadata"}
    assert paths == {"/".join([*(f"f:{field}" for field in fields), f"k:{key}"])}


@pytest.mark.parametrize("value", [[], 80, "80"], ids=["empty list", "number", "text"])
@pytest.mark.parametrize("field", ["ports", "env"])
def test_what_has_no_items_is_a_leaf(field: str, value: Any) -> None:
    assert owned("Deployment", (*POD, field), value) == {""}


LEAVES = {
    "selector of a Service": ("Service", ("spec", "selector")),
    "selector of a Deployment": ("Deployment", ("spec", "selector")),
    "selector of a budget": ("PodDisruptionBudget", ("spec", "selector")),
    "pods of a policy": ("NetworkPolicy", ("spec", "podSelector")),
    "nodes of a pod": ("Deployment", (*POD, "nodeSelector")),
    "role": ("RoleBinding", ("roleRef",)),
    "labels to spread by": ("Deployment", (*POD, "x", "labelSelector")),
    "key of a Secret": ("Deployment", (*POD, "x", "secretKeyRef")),
    "key of a ConfigMap": ("Deployment", (*POD, "x", "configMapKeyRef")),
    "field": ("Deployment", (*POD, "x", "fieldRef")),
    "resource": ("Deployment", (*POD, "x", "resourceFieldRef")),
    "terms": ("Deployment", (*POD, "x", "nodeSelectorTerms")),
    "nodes that are required": (
        "Deployment",
        (*POD, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"),
    ),
}


@pytest.mark.parametrize(("kind", "fields"), LEAVES.values(), ids=LEAVES)
def test_map_that_is_a_leaf(kind: str, fields: tuple[str, ...]) -> None:
    assert owned(kind, fields, {"a": "b"}) == {""}


@pytest.mark.parametrize(
    "fields", [("spec", "x"), ("selector",), ("spec", "template", "nodeSelector"), ("x", "roleRef")]
)
def test_other_maps_count_by_their_leaves(fields: tuple[str, ...]) -> None:
    assert owned("Deployment", fields, {"a": "b"}) == {"f:a"}


def test_what_names_an_object_is_not_owned() -> None:
    head = {"name": "a", "namespace": "b", "uid": "c", "resourceVersion": "1", "annotations": {"x": "y"}}
    assert owned_paths({"apiVersion": "v1", "kind": "Secret", "metadata": head, "type": "Opaque"}) == {
        ("f:metadata", "f:annotations", "f:x"),
        ("f:type",),
    }
