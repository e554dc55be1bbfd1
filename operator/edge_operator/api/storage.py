"""The store of an EdgeSite's spec."""

from typing import Annotated, Literal

from .references import Resources
from .schema import ApiModel
from .values import Image, OptionalName, Quantity, duration


class Retention(ApiModel):
    """How long readings are kept on site."""

    max_age: Annotated[str, duration("1m", "87600h")] | None = None
    """Readings older than this are dropped; no limit of age if not given."""

    max_size: Quantity | None = None
    """The oldest readings are dropped above this size. Default: 85 % of size."""


class Storage(ApiModel):
    """The durable store of the site."""

    image: Image | None = None
    """Image of the store. Default: edge-stack/edge-storage of the operator's release."""

    resources: Resources | None = None
    """CPU and memory. Default: requests {cpu: 100m, memory: 128Mi}, limits {cpu: 200m, memory: 256Mi}."""

    size: Quantity = "10Gi"
    """Size of the volume; it can grow but never shrink."""

    storage_class_name: OptionalName | None = None
    """StorageClass of the site's volumes; the cluster's default if not given. Cannot be changed."""

    sync_interval: Annotated[str, duration("1s", "24h")] = "300s"
    """The longest pause between two attempts to reach a sink (cloud, Kafka) that is cut off."""

    retention: Retention | None = None
    """How long readings are kept."""

    reclaim_policy: Literal["Retain", "Delete"] = "Retain"
    """What becomes of the site's volumes when the site is deleted: kept, or deleted with it."""
