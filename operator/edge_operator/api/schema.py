"""The vocabulary in which both resources are written: bounded strings, durations, quantities, CEL rules."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

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
        **more: further keys of the entry, such as `messageExpression` or `fieldPath`.
    """
    return {"rule": expression, "message": message, **more}


def rules(*entries: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema extension that carries CEL `entries`."""
    return {"x-kubernetes-validations": list(entries)}


def list_map(*keys: str) -> dict[str, Any]:
    """Return the JSON schema extension of a list whose items are told apart by `keys`."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}


LIST_SET: dict[str, Any] = {"x-kubernetes-list-type": "set"}
LIST_ATOMIC: dict[str, Any] = {"x-kubernetes-list-type": "atomic"}
MAP_ATOMIC: dict[str, Any] = {"x-kubernetes-map-type": "atomic"}

# The units of Go's time.ParseDuration; it has no days.
GO_DURATION = r"^([0-9]+([.][0-9]+)?(ns|us|ms|s|m|h))+$"


def duration(least: str, most: str) -> FieldInfo:
    """Return the constraint of a Go duration (a string such as `1h30m`) from `least` to `most`, both included."""
    is_duration = rule(
        f"self.matches('{GO_DURATION}') && duration(self) >= duration('{least}')"
        f" && duration(self) <= duration('{most}')",
        f"must be a duration from {least} to {most}, such as 30s or 1h30m (units: ms, s, m, h)",
    )
    constraint: FieldInfo = Field(max_length=32, json_schema_extra=rules(is_duration))
    return constraint


_QUANTITY_SCHEMA = {"x-kubernetes-int-or-string": True, "maxLength": 32}

Quantity = Annotated[
    int | str,
    WithJsonSchema(
        _QUANTITY_SCHEMA
        | rules(
            rule(
                "isQuantity(string(self)) && quantity(string(self)).isGreaterThan(quantity('0'))",
                "must be a quantity above zero, such as 10Gi or 500Mi",
            )
        )
    ),
]
"""An amount of bytes or cores above zero, in Kubernetes' notation."""

ResourceQuantity = Annotated[
    int | str,
    WithJsonSchema(
        _QUANTITY_SCHEMA
        | rules(
            rule(
                "isQuantity(string(self)) && !quantity(string(self)).isLessThan(quantity('0'))",
                "must be a quantity of zero or more, such as 128Mi or 250m",
            )
        )
    ),
]

Decimal = Annotated[
    int | str,
    WithJsonSchema(
        {"x-kubernetes-int-or-string": True, "maxLength": 32}
        | rules(
            rule(
                "string(self).matches('^[-+]?[0-9]+([.][0-9]+)?$')",
                "must be a decimal number, such as 80 or '80.5' (with a fraction it must be quoted)",
            )
        )
    ),
]
"""A number with an optional fraction. A float in a CRD is not portable, hence int-or-string."""

Image = Annotated[
    str,
    Field(
        min_length=1,
        max_length=512,
        json_schema_extra=rules(
            rule(
                "self.matches('^[A-Za-z0-9][A-Za-z0-9._:/@-]*$')",
                "must be an image reference without blanks, such as registry.example.com/edge-gateway:1.2.3",
            )
        ),
    ),
]

SecretName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=253,
        json_schema_extra=rules(
            rule(
                "!format.dns1123Subdomain().validate(self).hasValue()",
                "must be the name of a Secret in this namespace: lower case letters, digits, '-' and '.'",
            )
        ),
    ),
]

LabelMap = Annotated[dict[str, Annotated[str, Field(max_length=63)]], Field(max_length=32)]
AnnotationMap = Annotated[dict[str, Annotated[str, Field(max_length=4096)]], Field(max_length=32)]


def url(*schemes: str, example: str) -> FieldInfo:
    """Return the constraint of an absolute URL with a host and one of `schemes`."""
    listed = ", ".join(f"'{scheme}'" for scheme in schemes)
    is_url = rule(
        f"isURL(self) && url(self).getScheme() in [{listed}] && url(self).getHostname() != '' && !self.contains('@')",
        f"must be a URL such as {example} (schemes: {', '.join(schemes)}; no blank, no user name)",
    )
    constraint: FieldInfo = Field(max_length=1024, json_schema_extra=rules(is_url))
    return constraint
