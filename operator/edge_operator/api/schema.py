"""Building blocks of both resources: models, CEL rules, kinds of lists and maps."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

GROUP = "edge-stack.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"


class ApiModel(BaseModel):
    """A part of a custom resource: camelCase on the wire, immutable in the program.

    Unknown fields are ignored on reading: an object stored by a newer release must not stop this one.
    The API server refuses them on writing.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="ignore",
        use_attribute_docstrings=True,
    )


def rule(expression: str, message: str, **more: str) -> dict[str, Any]:
    """Return one entry of `x-kubernetes-validations`.

    Args:
        expression: CEL, with `self` (and `oldSelf` in a transition rule).
        message: what the user reads when it is false: what is wrong and what would be right.
        **more: other keys of the entry: `fieldPath` and `reason` name the field of the object that is wrong,
            `messageExpression` is a message with values in it.
    """
    return {"rule": expression, "message": message, **more}


def rules(*entries: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema extension that carries CEL `entries`."""
    return {"x-kubernetes-validations": list(entries)}


def list_map(*keys: str) -> dict[str, Any]:
    """Return the JSON schema extension of a list with items that are identified by `keys`."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}


def unchanging(field: str, message: str) -> dict[str, Any]:
    """Return the transition rule, for the parent of an optional `field`, that it keeps its value or its absence."""
    return rule(
        f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})",
        message,
        fieldPath=f".{field}",
        reason="FieldValueForbidden",
    )


LIST_SET: dict[str, Any] = {"x-kubernetes-list-type": "set"}
LIST_ATOMIC: dict[str, Any] = {"x-kubernetes-list-type": "atomic"}
MAP_ATOMIC: dict[str, Any] = {"x-kubernetes-map-type": "atomic"}

NOTATION = "x-edge-notation"
"""Key of the sentence about the notation of a value; the generator ends the field's description with it."""
