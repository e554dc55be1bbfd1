"""The store of an EdgeSite's spec."""

from typing import Annotated, Literal

from .references import Resources
from .schema import ApiModel
from .values import Image, OptionalName, Quantity, duration


class Retention(ApiModel):
    """Retention of readings on site: whole segments are dropped, the oldest and already forwarded ones first."""

    max_age: Annotated[str, duration("1m", "87600h")] | None = None
    """Maximum age of readings, by the time of their arrival. Older readings are dropped, even if a sink has not
    received them. If unset, there is no limit."""

    max_size: Quantity | None = None
    """Maximum size of the files of the store. Above it, the oldest readings are dropped. The store needs up to 64Mi
    more for its journal and for a new segment. Default: 85 % of the volume, also if the volume is smaller than
    maxSize."""


class Storage(ApiModel):
    """Durable store of the site."""

    image: Image | None = None
    """Container image. Default: edge-stack/edge-storage with the tag of the operator's release."""

    resources: Resources | None = None
    """CPU and memory of the container. Default: requests {cpu: 100m, memory: 128Mi}, limits {cpu: 200m, memory:
    256Mi}. Each quantity that is not set keeps its default."""

    size: Quantity = "10Gi"
    """Size of the volume. It grows if the StorageClass can expand volumes; else the condition Ready shows it, and you
    can set the size back. A volume never shrinks: a smaller size than that of the volume changes nothing."""

    storage_class_name: OptionalName | None = None
    """StorageClass of the site's volumes. If unset, the cluster's default class is used. Cannot be changed."""

    sync_interval: Annotated[str, duration("1s", "24h")] = "300s"
    """Maximum time between two attempts to deliver to the cloud while that fails. If only the connection fails, it is
    at most 4s. If the cloud answers with Retry-After, the processor waits for that time, at most 1h. Kafka,
    Alertmanager and webhook have intervals of their own."""

    retention: Retention | None = None
    """Retention of readings on site. Default: maxSize is 85 % of the volume, maxAge is unlimited."""

    reclaim_policy: Literal["Retain", "Delete"] = "Retain"
    """What happens to the site's volumes when the site is deleted. Retain: they are kept. Delete: they are deleted."""
