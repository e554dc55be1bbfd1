"""What several parts of an EdgeSite's spec share, and the small ones: cloud, devices, scheduling, pods' metadata."""

from typing import Annotated, Literal

from pydantic import Field

from .placement import Affinity, Toleration
from .references import SecretRef
from .schema import LIST_ATOMIC, MAP_ATOMIC, ApiModel
from .values import AnnotationMap, LabelMap, OptionalName, duration, url

Replicas = Annotated[int, Field(ge=0, le=32)]


class Tls(ApiModel):
    """A certificate of the user's own."""

    secret_ref: SecretRef
    """Secret with the keys `tls.crt` and `tls.key`, as cert-manager writes them."""


class Cloud(ApiModel):
    """Where readings are forwarded to."""

    endpoint: Annotated[str, url("https", "mqtts", example="https://ingest.example.com/edge")]
    """Where readings go: https://… receives batches, mqtts://… single messages."""

    credentials_secret_ref: SecretRef | None = None
    """Secret with the key `token` (https), or `username` and `password`, that the site shows to the cloud."""

    ca_secret_ref: SecretRef | None = None
    """Secret with the key `ca.crt`, the authority that signed the cloud's certificate; the system's if not given."""


class DeviceDefaults(ApiModel):
    """Defaults for the devices of the site."""

    heartbeat_interval: Annotated[str, duration("1s", "24h")] = "30s"
    """How often a device says that it is alive."""

    offline_after: Annotated[str, duration("2s", "168h")] = "5m"
    """A device not heard of for so long is Offline; at least twice heartbeatInterval."""


class Scheduling(ApiModel):
    """Where the pods of the site run."""

    profile: Literal["SingleNode", "MultiNode"] = "SingleNode"
    """SingleNode keeps pods on a node that cannot be reached, MultiNode moves them after 300 s."""

    node_selector: Annotated[LabelMap | None, Field(json_schema_extra=MAP_ATOMIC)] = None
    """Labels of the nodes that the pods may run on."""

    tolerations: Annotated[list[Toleration] | None, Field(max_length=16, json_schema_extra=LIST_ATOMIC)] = None
    """Taints of nodes that the pods accept."""

    affinity: Affinity | None = None
    """Which nodes the pods must or should be on, and which pods near or far."""

    priority_class_name: OptionalName | None = None
    """PriorityClass of the pods."""


class PodMetadata(ApiModel):
    """Labels and annotations for the pods of the site, for tools that read them."""

    labels: LabelMap | None = None
    """Labels added to every pod. The operator's own labels win."""

    annotations: AnnotationMap | None = None
    """Annotations added to every pod. The operator's own annotations win."""
