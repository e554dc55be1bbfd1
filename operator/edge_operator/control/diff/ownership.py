"""Computes which fields an apply owns: the `fieldsV1` that the API server will record for a manifest.

The rules are those of structured merge diff (kubernetes-sigs/structured-merge-diff, `ToFieldSet`): scalars, atomic
lists and atomic maps are leaves; items of a list with keys are named by these keys and are members themselves (`.`); of
other maps only the leaves count. The list types are those of `x-kubernetes-list-type` and `x-kubernetes-map-type` in
Kubernetes' published OpenAPI. A test compares every child with a real API server.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]

LIST_KEYS: Mapping[str, tuple[str, ...]] = {
    "ownerReferences": ("uid",),
    "containers": ("name",),
    "initContainers": ("name",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "env": ("name",),
    "volumeMounts": ("mountPath",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
"""Keys of the lists with keys, by the name of the field; in alphabetical order, as managedFields has them."""

ATOMIC_ITEMS = frozenset({"imagePullSecrets", "ownerReferences"})
"""Lists with keys, of which the items are leaves."""

CONTAINER_PORT_KEYS = ("containerPort", "protocol")
SERVICE_PORT_KEYS = ("port", "protocol")

ATOMIC_MAPS = frozenset(
    {
        ("spec", "selector"),
        ("spec", "podSelector"),
        ("spec", "template", "spec", "nodeSelector"),
        ("roleRef",),
    }
)
ATOMIC_FIELDS = frozenset(
    {"labelSelector", "secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "nodeSelectorTerms"}
)
REQUIRED_NODES = ("nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
IDENTITY = frozenset({"apiVersion", "kind"})
METADATA_IDENTITY = frozenset({"name", "namespace", "uid", "resourceVersion"})


def owned_paths(manifest: Mapping[str, Any]) -> frozenset[Path]:
    """Return the paths that an apply of `manifest` owns, in the notation of `fieldsV1`."""
    body = {key: value for key, value in manifest.items() if key not in IDENTITY}
    body["metadata"] = {k: v for k, v in body["metadata"].items() if k not in METADATA_IDENTITY}
    return frozenset(_walk(body, (), (), str(manifest["kind"])))


def recorded_paths(fields_v1: Mapping[str, Any]) -> frozenset[Path]:
    """Return the paths of a `fieldsV1` recorded by the API server."""
    return frozenset(_recorded(fields_v1, ()))


def digest(paths: frozenset[Path]) -> int:
    """Return a digest of a set of paths, comparable within this process only."""
    return hash(paths)


def readable(path: Path) -> str:
    """Return a path in readable form, such as `.spec.containers[name=gateway].image`."""
    parts = []
    for step in path:
        if step.startswith("f:"):
            parts.append(f".{step[2:]}")
        elif step.startswith("k:"):
            keys = json.loads(step[2:])
            parts.append("[" + ",".join(f"{key}={value}" for key, value in keys.items()) + "]")
    return "".join(parts) or "."


def _recorded(node: Mapping[str, Any], path: Path) -> Iterator[Path]:
    for step, below in node.items():
        if below:
            yield from _recorded(below, (*path, step))
        else:
            yield (*path, step)


def _walk(value: Any, path: Path, fields: tuple[str, ...], kind: str) -> Iterator[Path]:
    """Yield the leaves under `value`; `fields` is `path` without the items of lists."""
    if isinstance(value, Mapping) and value and not _is_atomic_map(fields):
        for key, below in value.items():
            yield from _walk(below, (*path, f"f:{key}"), (*fields, key), kind)
    elif isinstance(value, list) and value and (keys := _list_keys(fields, kind)):
        for item in value:
            name = json.dumps({key: item[key] for key in keys}, separators=(",", ":"))
            here = (*path, f"k:{name}")
            if fields[-1] in ATOMIC_ITEMS:
                yield here
                continue
            yield (*here, ".")
            yield from _walk(item, here, fields, kind)
    else:
        yield path


def _is_atomic_map(fields: tuple[str, ...]) -> bool:
    if fields[-2:] == REQUIRED_NODES:
        return True
    return bool(fields) and (fields in ATOMIC_MAPS or fields[-1] in ATOMIC_FIELDS)


def _list_keys(fields: tuple[str, ...], kind: str) -> tuple[str, ...]:
    if fields[-1] == "ports":
        return SERVICE_PORT_KEYS if kind == "Service" else CONTAINER_PORT_KEYS
    return LIST_KEYS.get(fields[-1], ())
