"""Which programs of a site a change of a field restarts: the pod template of their Deployment changes."""

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from e2e.cluster.checkout import ROOT
from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.desired.release import Release
from edge_operator.desired.site import SiteInput, desired_objects

FULL, EXTERNAL = "full-site.yaml", "external-broker-site.yaml"
NAMES = {"gateway": "gateway", "processor": "processor", "storage": "store", "mqtt": "broker"}
"""What users read, by the name of the Deployment."""

OTHER_TEXTS = ("1h", "2Gi", "9.9", "https://other.example.com:444", "mqtts://other.example.com:8884", "other/")
"""Values to try in place of a text; the first one that the builders accept is used."""

SITE = "plant"
_Templates = dict[str, Any]


def restarts(path: str, schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the programs that restart if a field of the EdgeSite changes, in a fixed order.

    The field gets another value in each example that has it, and is added to a site without any setting: a program
    that restarts in one of these cases is returned.

    Args:
        path: of the field below `spec`, with dots; no items of lists.
        schema: structural schema of the field.

    Raises:
        LookupError: the field could not be changed in any example.
    """
    changes = [change for example in (FULL, EXTERNAL) for change in _changes(_example(example), path, schema)]
    if not changes:
        examples = " or ".join(f"examples/{each}" for each in (FULL, EXTERNAL))
        raise LookupError(f"spec.{path} cannot be changed in any example: add the field to {examples}")
    found = {key for before, after in changes for key in NAMES if before.get(key) != after.get(key)}
    return tuple(text for key, text in NAMES.items() if key in found)


def _changes(spec: dict[str, Any], path: str, schema: Mapping[str, Any]) -> Iterator[tuple[_Templates, _Templates]]:
    """Yield the pod templates before and after a change of the field: of another value, and of one where none was."""
    parent, name = _parent(spec, path)
    if parent is None or name not in parent:
        yield from _addition(spec, path, schema)
        return
    alone: Any = parent[name]
    for part in reversed(path.split(".")):
        alone = {part: alone}
    bare, added = _templates({}), _templates(alone)
    if bare is not None and added is not None:
        yield bare, added
    before = _templates(spec)
    for value in _others(parent[name], schema):
        changed = copy.deepcopy(spec)
        target, _ = _parent(changed, path)
        if target is not None:
            target[name] = value
            after = _templates(changed)
            if before is not None and after is not None:
                yield before, after
                return


def _addition(spec: dict[str, Any], path: str, schema: Mapping[str, Any]) -> Iterator[tuple[_Templates, _Templates]]:
    """Yield the pod templates before and after a field is added that the example does not have."""
    added = copy.deepcopy(spec)
    *above, name = path.split(".")
    target = added
    for part in above:
        target = target.setdefault(part, {})
    target[name] = _sample(schema)
    before, after = _templates(spec), _templates(added)
    if before is not None and after is not None:
        yield before, after


def _sample(schema: Mapping[str, Any]) -> Any:
    if values := schema.get("enum"):
        return values[-1]
    samples = {"boolean": True, "integer": 2, "array": [], "object": {}}
    return samples.get(str(schema.get("type")), OTHER_TEXTS[0])


@cache
def _text(example: str) -> str:
    return (ROOT / "examples" / example).read_text()


def _example(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = next(iter(yaml.safe_load_all(_text(name))))["spec"]
    return spec


def _parent(spec: dict[str, Any], path: str) -> tuple[dict[str, Any] | None, str]:
    *above, name = path.split(".")
    found: Any = spec
    for part in above:
        found = found.get(part) if isinstance(found, dict) else None
    return (found if isinstance(found, dict) else None), name


def _others(value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    """Yield values that differ from `value` and may be valid."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        yield from (each for each in schema.get("enum") or OTHER_TEXTS if each != value)
    elif isinstance(value, list):
        yield value[:-1]
    elif isinstance(value, dict):
        yield from _with_other_part(value, schema)


def _with_other_part(value: dict[str, Any], schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    below = schema.get("properties", {})
    for name, part in value.items():
        inner = below.get(name) or schema.get("additionalProperties") or {}
        for other in _others(part, inner if isinstance(inner, dict) else {}):
            yield value | {name: other}


def _templates(spec: dict[str, Any]) -> _Templates | None:
    """Return the pod templates of a site by the name of the Deployment; None if the spec cannot be rendered."""
    try:
        parsed = EdgeSiteSpec.model_validate(spec)
        manifests = desired_objects(SiteInput(SITE, SITE, "uid", parsed, Release("0"), b"0" * 32, sink_secrets=_ALL))
    except (ArithmeticError, LookupError, ValueError):
        return None
    return {
        each["metadata"]["name"].removeprefix(f"{SITE}-"): each["spec"]["template"]
        for each in manifests
        if each["kind"] == "Deployment"
    }


class _Every(frozenset[str]):
    """Every Secret that a site names exists and has the label."""

    def __contains__(self, name: object) -> bool:
        return True


_ALL = _Every()
