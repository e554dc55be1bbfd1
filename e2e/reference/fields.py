"""The fields of a resource as rows: path, type, default, what can change, description."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

RULES = "x-kubernetes-validations"
DEFAULT = re.compile(r" ?Default: (.+?)\.(?= [A-Z]|$)")
BY_REFERENCE = {"affinity": "as `affinity` of a pod"}
"""Fields with a type of Kubernetes: their parts are not listed."""


@dataclass(frozen=True)
class Field:
    """One field.

    Attributes:
        path: below `spec` or `status`, with dots; `[]` for the items of a list.
        type: such as `string` or `list of string`.
        default: the value without the field; empty if there is none.
        fixed: why or how far the value cannot be changed; empty if it can.
        description: what `kubectl explain` shows, without the default.
        schema: structural schema of the field.
    """

    path: str
    type: str
    default: str
    fixed: str
    description: str
    schema: Mapping[str, Any]

    @property
    def in_list(self) -> bool:
        """Whether it is a part of an item of a list."""
        return "[]" in self.path


def fields(schema: Mapping[str, Any], above: str = "", fixed: Mapping[str, str] | None = None) -> Iterator[Field]:
    """Yield every field below a structural schema, each before its parts.

    Args:
        schema: of the object.
        above: path of the object, with a dot at its end.
        fixed: why fields cannot be changed, by their paths.
    """
    known = {**(fixed or {}), **{f"{above}{where}": text for where, text in _transition_rules(schema)}}
    for name, child in schema.get("properties", {}).items():
        path = f"{above}{name}"
        yield _field(path, child, known.get(path, ""), required=name in schema.get("required", ()))
        if name in BY_REFERENCE:
            continue
        yield from fields(child, f"{path}.", known)
        if isinstance(items := child.get("items"), dict):
            yield from fields(items, f"{path}[].", known)


def _field(path: str, schema: Mapping[str, Any], fixed: str, *, required: bool) -> Field:
    described = str(schema.get("description", ""))
    found = DEFAULT.search(described)
    default = found[1] if found else ""
    text = DEFAULT.sub("", described).strip()
    name = path.rpartition(".")[2]
    kind = BY_REFERENCE.get(name) or _type(schema)
    return Field(path, kind, "required" if required else default, fixed, text, schema)


def _type(schema: Mapping[str, Any]) -> str:
    if schema.get("x-kubernetes-int-or-string"):
        return "integer or string"
    if values := schema.get("enum"):
        return ", ".join(f"`{value}`" for value in values)
    kind = str(schema.get("type", "any"))
    if kind == "array":
        items = schema.get("items") or {}
        return f"list of {'objects' if items.get('type') == 'object' else _type(items)}"
    if kind == "object" and (values := schema.get("additionalProperties")):
        return f"map of {_type(values) if isinstance(values, dict) else 'any'}"
    return kind


def _transition_rules(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the path of a field and the sentence of its transition rule: the API server rejects other changes."""
    for rule in schema.get(RULES, ()):
        where = str(rule.get("fieldPath", "")).lstrip(".")
        if "oldSelf" in rule["rule"] and where:
            yield where, str(rule["message"])
