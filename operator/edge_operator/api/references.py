"""References to other objects of the same namespace, resources of a container, and hosts."""

from typing import Annotated

from pydantic import ConfigDict, Field

from .schema import MAP_ATOMIC, ApiModel, rule, rules
from .values import ResourceQuantity, SecretName, is_quantity


class SecretReference(ApiModel):
    """Reference to a Secret in the same namespace."""

    name: SecretName
    """Name of the Secret."""


SecretRef = Annotated[SecretReference, Field(json_schema_extra=MAP_ATOMIC)]

_MEMORY = "self['memory']"
RESOURCE_RULES = rules(
    rule(
        "self.all(key, key in ['cpu', 'memory', 'ephemeral-storage']"
        " || ((key.contains('/') || key.startsWith('hugepages-'))"
        " && !format.qualifiedName().validate(key).hasValue()))",
        "must be of cpu, memory, ephemeral-storage, hugepages-<size>, or a resource with its domain such as"
        " example.com/gpu",
    ),
    rule(
        f"!('memory' in self) || !{is_quantity(_MEMORY)}"
        f" || quantity(string({_MEMORY})).compareTo(quantity('0')) == 0"
        f" || !quantity(string({_MEMORY})).isLessThan(quantity('1Mi'))",
        "memory must be at least 1Mi: m is a thousandth of a byte, Mi a mebibyte",
    ),
)
ResourceMap = Annotated[dict[str, ResourceQuantity], Field(max_length=16, json_schema_extra=RESOURCE_RULES)]


def _within_limit(resource_map: str, limit_map: str) -> str:
    request, limit = f"{resource_map}[key]", f"{limit_map}[key]"
    both = f"key in {limit_map} && {is_quantity(request)} && {is_quantity(limit)}"
    return (
        f"{resource_map}.all(key, !({both}) || quantity(string({limit})).compareTo(quantity('0')) == 0"
        f" || !quantity(string({request})).isGreaterThan(quantity(string({limit}))))"
    )


class Resources(ApiModel):
    """CPU and memory requests and limits of a container. Each quantity that is not set keeps its default."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                f"!has(self.requests) || !has(self.limits) || {_within_limit('self.requests', 'self.limits')}",
                "must not be above limits: a container cannot ask for more than it may use",
                fieldPath=".requests",
            )
        )
    )

    requests: ResourceMap | None = None
    """Resources that the scheduler reserves for the container, such as {cpu: 100m, memory: 128Mi}. A quantity that is
    not set keeps its default, or that of limits if it is lower."""

    limits: ResourceMap | None = None
    """Maximum resources of the container. A container above its memory limit is killed and restarted. A quantity that
    is not set keeps its default, or that of requests if it is higher. 0 removes the limit."""


class PullSecret(ApiModel):
    """Secret with the credentials of an image registry."""

    name: SecretName
    """Name of a Secret of type kubernetes.io/dockerconfigjson in this namespace."""


HOST_RULES = rules(
    rule(
        "isIP(self) || !format.dns1123Subdomain().validate(self).hasValue()",
        "must be a host name or an IP address, without scheme and port",
    )
)

Host = Annotated[str, Field(max_length=253, json_schema_extra=HOST_RULES)]
