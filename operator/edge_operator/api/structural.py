"""Turns the JSON schema of a Pydantic model into a structural schema, the only kind that a CRD takes."""

import json
from typing import Any, cast

from pydantic import BaseModel

from .schema import NOTATION

Schema = dict[str, Any]

_CARRIED = frozenset(
    {
        "additionalProperties",
        "description",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "items",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "pattern",
        "properties",
        "required",
        "type",
    }
)
_RULES = "x-kubernetes-validations"
_DROPPED = frozenset({"$defs", "title", NOTATION})


def structural_schema(model: type[BaseModel]) -> Schema:
    """Return the structural schema of `model`, named by alias, with every reference resolved.

    Raises:
        ValueError: a property has no description, or has something that a structural schema cannot express.
    """
    schema = model.model_json_schema(by_alias=True)
    return _structural(schema, schema.get("$defs", {}), model.__name__)


def defaults_of(schema: Schema) -> Schema:
    """Return what the API server makes of `{}` under `schema`: the defaults, filled in from the outside in."""
    filled = {}
    for name, child in schema.get("properties", {}).items():
        if "default" in child:
            default = child["default"]
            filled[name] = default | defaults_of(child) if isinstance(default, dict) else default
    return filled


def _structural(node: Schema, defs: Schema, path: str) -> Schema:
    node = _flattened(node, defs, path)
    default = node.pop("default", None)
    schema = _as_openapi({key: value for key, value in node.items() if key not in _DROPPED})
    for key in schema:
        if key not in _CARRIED and not key.startswith("x-kubernetes-"):
            raise ValueError(f"{path}: a structural schema cannot say {key!r}; write it as a CEL rule in the model")
    if "description" in schema:
        schema["description"] = _description(node, default)
    if "properties" in schema:
        schema["properties"] = {
            name: _property(child, defs, f"{path}.{name}") for name, child in schema["properties"].items()
        }
    if "items" in schema:
        schema["items"] = _structural(schema["items"], defs, f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = _structural(schema["additionalProperties"], defs, f"{path}[*]")
    elif "additionalProperties" in schema:
        del schema["additionalProperties"]  # the API server refuses unknown fields by itself
    if default is not None:
        schema["default"] = _default(default, schema, path)
    return schema


def _property(node: Schema, defs: Schema, path: str) -> Schema:
    schema = _structural(node, defs, path)
    if not schema.get("description"):
        raise ValueError(f"{path}: has no description; write a docstring below the field, `kubectl explain` shows it")
    return schema


def _description(node: Schema, default: object) -> str:
    """Return the description, ended with what `kubectl explain` does not show: the notation and the default."""
    sentences = [node["description"], node.get(NOTATION, "")]
    if default is not None and not isinstance(default, dict):
        sentences.append(f"Default: {default if isinstance(default, str) else json.dumps(default)}.")
    return " ".join(" ".join(sentences).split())


def _flattened(node: Schema, defs: Schema, path: str) -> Schema:
    """Return `node` with its reference resolved and without its null alternative.

    Keywords of the field override those of its type, but CEL rules of both apply.
    """
    node = dict(node)
    while "$ref" in node or "anyOf" in node:
        if "$ref" in node:
            target = defs[cast("str", node.pop("$ref")).removeprefix("#/$defs/")]
        else:
            choices = [choice for choice in node.pop("anyOf") if choice != {"type": "null"}]
            if len(choices) != 1:
                raise ValueError(f"{path}: a field has one type; use WithJsonSchema for an int-or-string")
            target = choices[0]
        both = target.get(_RULES, []) + node.get(_RULES, [])
        node = target | node | ({_RULES: both} if both else {})
    return node


def _as_openapi(schema: Schema) -> Schema:
    """Return `schema` with constants and exclusive bounds as OpenAPI 3.0 writes them."""
    schema = dict(schema)
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if exclusive in schema:
            schema |= {bound: schema[exclusive], exclusive: True}
    return schema


def _default(default: object, schema: Schema, path: str) -> object:
    """Return the default to write: `{}` for a nested model, which its own defaults then fill in.

    A model with CEL rules is written out, as the API server evaluates them on the bare default.
    """
    if "properties" not in schema:
        return default
    effective = defaults_of(schema)
    if _without_none(default) != effective:
        raise ValueError(f"{path}: the default of a nested model must be made of the defaults of its fields")
    return effective if _RULES in schema else {}


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return value
