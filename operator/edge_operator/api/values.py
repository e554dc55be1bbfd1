"""The values in both resources, each with its bounds: durations, quantities, names, labels, URLs."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema
from pydantic.fields import FieldInfo

from .schema import NOTATION, rule, rules

# Go's time.ParseDuration has no days. With so few digits CEL's duration() cannot overflow, which it would report badly.
_FRACTION = "([.][0-9]{1,9})?"
GO_DURATION = f"^([0-9]{{1,5}}{_FRACTION}h|[0-9]{{1,7}}{_FRACTION}m|[0-9]{{1,9}}{_FRACTION}(s|ms|us|ns))+$"


def duration(least: str, most: str) -> FieldInfo:
    """Return the constraint of a Go duration (a string such as `1h30m`) from `least` to `most`, both included."""
    is_duration = rule(
        f"self.matches('{GO_DURATION}') && duration(self) >= duration('{least}')"
        f" && duration(self) <= duration('{most}')",
        f"must be a duration from {least} to {most}, such as 30s or 1h30m (units: ms, s, m, h)",
    )
    extra = rules(is_duration) | {NOTATION: f"A duration from {least} to {most}."}
    constraint: FieldInfo = Field(max_length=32, json_schema_extra=extra)
    return constraint


def at_least_twice(longer: str, shorter: str) -> dict[str, Any]:
    """Return the rule that a duration is at least twice another one, if both are given and are durations."""
    both = f"has(self.{longer}) && has(self.{shorter})"
    are_durations = f"self.{longer}.matches('{GO_DURATION}') && self.{shorter}.matches('{GO_DURATION}')"
    holds = f"duration(self.{longer}) >= duration(self.{shorter}) + duration(self.{shorter})"
    return rule(
        f"!({both}) || !({are_durations}) || {holds}",
        f"must be at least twice {shorter}: raise {longer} or lower {shorter}",
        fieldPath=f".{longer}",
    )


def _int_or_string(notation: str, is_valid: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"x-kubernetes-int-or-string": True, "maxLength": 32, NOTATION: notation} | rules(is_valid))


# Comparing a quantity with an exponent of eight digits keeps the API server busy beyond every timeout, and CEL's
# cost limit does not stop it. A match of this pattern is a quantity that is compared quickly.
_QUANTITY = "^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]{1,2})?$"


def is_quantity(value: str) -> str:
    """Return the CEL expression that `value`, itself CEL, is a quantity that can be compared."""
    return f"string({value}).matches('{_QUANTITY}')"


Quantity = Annotated[
    int | str,
    _int_or_string(
        "A quantity of bytes, at least 1Mi, such as 10Gi.",
        rule(
            f"{is_quantity('self')} && !quantity(string(self)).isLessThan(quantity('1Mi'))",
            "must be a quantity of bytes, at least 1Mi, such as 10Gi or 500Mi",
        ),
    ),
]
"""An amount of bytes, in Kubernetes' notation; the minimum excludes `500m`, which is half a byte."""

ResourceQuantity = Annotated[
    int | str,
    _int_or_string(
        "A quantity of zero or more, such as 128Mi or 250m.",
        rule(
            f"{is_quantity('self')} && !quantity(string(self)).isLessThan(quantity('0'))",
            "must be a quantity of zero or more, such as 128Mi or 250m",
        ),
    ),
]

Decimal = Annotated[
    int | str,
    _int_or_string(
        "A decimal number; with a fraction it must be quoted, such as '80.5'.",
        rule(
            "string(self).matches('^[-+]?[0-9]+([.][0-9]+)?$')",
            "must be a decimal number, such as 80 or '80.5' (with a fraction it must be quoted)",
        ),
    ),
]
"""A number with an optional fraction. A float in a CRD is not portable, hence int-or-string."""

Image = Annotated[
    str,
    Field(
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
        max_length=253,
        json_schema_extra=rules(
            rule(
                "!format.dns1123Subdomain().validate(self).hasValue()",
                "must be the name of a Secret in this namespace: lower case letters, digits, '-' and '.'",
            )
        ),
    ),
]

LabelMap = Annotated[
    dict[str, Annotated[str, Field(max_length=63)]],
    Field(
        max_length=32,
        json_schema_extra=rules(
            rule(
                "self.all(key, !format.qualifiedName().validate(key).hasValue()"
                " && !format.labelValue().validate(self[key]).hasValue())",
                "must be labels: letters, digits, '-', '_' and '.', such as example.com/team: plant-2",
            )
        ),
    ),
]
AnnotationMap = Annotated[
    dict[str, Annotated[str, Field(max_length=4096)]],
    Field(
        max_length=32,
        json_schema_extra=rules(
            rule(
                "self.all(key, !format.qualifiedName().validate(key).hasValue())",
                "must be annotations: keys of letters, digits, '-', '_' and '.', such as example.com/team",
            )
        ),
    ),
]

PRINTABLE = rules(
    rule("!self.matches('[\\\\p{Cc}]')", "must be text without line breaks and other control characters"),
    rule("self == '' || self.matches('[^\\\\s\\\\p{Z}]')", "must not be blank"),
)
"""For text that goes into environment variables, log lines and tables."""

OptionalName = Annotated[
    str,
    Field(
        max_length=253,
        json_schema_extra=rules(
            rule(
                "self == '' || !format.dns1123Subdomain().validate(self).hasValue()",
                "must be the name of an object: lower case letters, digits, '-' and '.'",
            )
        ),
    ),
]
"""The name of an object of the cluster, or the empty string if that has a meaning."""


_NO_PORT = "(0+|[0-9]{6,}|6553[6-9]|655[4-9][0-9]|65[6-9][0-9]{2}|6[6-9][0-9]{3}|[7-9][0-9]{4})"


def url(*schemes: str, example: str, has_path: bool = True, has_query: bool = True) -> FieldInfo:
    """Return the constraint of an absolute URL with a host and one of `schemes`.

    Without `has_path` it ends after the port, without `has_query` after the path.
    """
    listed = ", ".join(f"'{scheme}'" for scheme in schemes)
    is_url = rule(
        f"isURL(self) && url(self).getScheme() in [{listed}] && url(self).getHostname() != ''"
        rf" && self.matches('^[a-z]+://') && !self.matches('[\\s\\p{{Cc}}@]|^[a-z]+://[^/?#]*:{_NO_PORT}([/?#]|$)')",
        f"must be a URL such as {example} (schemes: {', '.join(schemes)}; no blank, no user name)",
    )
    ends = rule("!self.matches('^[a-z]+://[^/?#]*(/.|[?#])')", f"must end after the port, as in {example}")
    ends_with_path = rule("!self.matches('[?#]')", f"must have no query and no fragment, as in {example}")
    extra = rules(is_url, *([] if has_path else [ends]), *([] if has_query else [ends_with_path]))
    constraint: FieldInfo = Field(max_length=1024, json_schema_extra=extra)
    return constraint


def secret_suffix(*reserved: str) -> FieldInfo:
    """Return the rules of a name that ends the name of a Secret, as in `<site>-client-<name>`.

    The Secret could otherwise be one that a site named `<site>-client`, or a device, needs.

    Args:
        reserved: names that are not allowed.
    """
    pattern = "^(" + "|".join(reserved) + "|(client|mqtt|token)-.*|.*-credentials)$"
    is_label = rule("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')", "must be of lower case letters, digits and '-'")
    is_free = rule(
        f"!self.matches('{pattern}')",
        f"must not be one of {', '.join(reserved)}, nor begin with 'client-', 'mqtt-' or 'token-',"
        " nor end with '-credentials'",
    )
    extra = rules(is_label, is_free)
    info: FieldInfo = Field(max_length=40, json_schema_extra=extra)
    return info
