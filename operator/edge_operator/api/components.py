"""What several parts of an EdgeSite's spec share, and the small ones: devices, scheduling, pods' metadata."""

from typing import Annotated, Literal

from pydantic import Field

from .placement import Affinity, Toleration
from .references import SecretRef
from .schema import LIST_ATOMIC, MAP_ATOMIC, ApiModel
from .values import AnnotationMap, LabelMap, OptionalName, duration

Replicas = Annotated[int, Field(ge=0, le=32)]


class Tls(ApiModel):
    """TLS certificate from a Secret."""

    secret_ref: SecretRef
    """Secret with the label edge-stack.io/use: "true", and the keys tls.crt and tls.key, in the format that
    cert-manager writes. It is not used without the label."""


class DeviceDefaults(ApiModel):
    """Defaults for the devices of the site."""

    heartbeat_interval: Annotated[str, duration("1s", "24h")] = "30s"
    """Interval at which a device sends at least one message."""

    offline_after: Annotated[str, duration("2s", "168h")] = "5m"
    """Time without any message after which a device is Offline. At least twice heartbeatInterval."""


class Scheduling(ApiModel):
    """Scheduling constraints for the pods of the site."""

    profile: Literal["SingleNode", "MultiNode"] = "SingleNode"
    """SingleNode: pods stay on a node that is unreachable. MultiNode: they are moved to another node after 300
    seconds."""

    node_selector: Annotated[LabelMap | None, Field(json_schema_extra=MAP_ATOMIC)] = None
    """Labels that a node must have for the pods to run on it."""

    tolerations: Annotated[list[Toleration] | None, Field(max_length=16, json_schema_extra=LIST_ATOMIC)] = None
    """Node taints that the pods tolerate, at most 16."""

    affinity: Affinity | None = None
    """Affinity rules of the pods, for nodes and for other pods."""

    priority_class_name: OptionalName | None = None
    """Name of the PriorityClass of the pods."""


class PodMetadata(ApiModel):
    """Labels and annotations for the pods of the site."""

    labels: LabelMap | None = None
    """Labels added to every pod. Labels that the operator sets take precedence."""

    annotations: AnnotationMap | None = None
    """Annotations added to every pod. Annotations that the operator sets take precedence."""
