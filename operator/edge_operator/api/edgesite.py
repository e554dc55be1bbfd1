"""EdgeSite: one place, such as a factory floor, with its gateway, processor, store and broker."""

from typing import Annotated

from pydantic import Field

from .broker import BROKER_RULES, Broker
from .components import DeviceDefaults, PodMetadata, Scheduling
from .gateway import Gateway
from .processor import Processor
from .references import PullSecret
from .schema import ApiModel, list_map, rule, rules, unchanging
from .sinks import ALERTING_RULES, CLOUD_RULES, FORWARDING_RULES, Alerting, Cloud, Forwarding
from .site_status import EdgeSiteStatus
from .storage import Storage
from .values import PRINTABLE, at_least_twice, is_quantity

STORAGE_RULES = rules(
    unchanging("storageClassName", "cannot be changed, added or removed: existing volumes keep their class"),
    rule(
        f"!has(self.retention) || !has(self.retention.maxSize) || !{is_quantity('self.retention.maxSize')}"
        f" || !{is_quantity('self.size')}"
        " || !quantity(string(self.retention.maxSize)).isGreaterThan(quantity(string(self.size)))",
        "must not be above the size of the volume: raise storage.size or lower maxSize",
        fieldPath=".retention.maxSize",
    ),
)
DEVICE_RULES = rules(at_least_twice("offlineAfter", "heartbeatInterval"))
SITE_RULES = rules(
    rule(
        "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$') && size(self.metadata.name) <= 45",
        "must begin with a lower case letter, be of lower case letters, digits and '-', and have at most 45 characters",
        fieldPath=".metadata.name",
    )
)


class EdgeSiteSpec(ApiModel):
    """Desired state of the site. Every field is optional."""

    location: Annotated[str, Field(min_length=1, max_length=253, json_schema_extra=PRINTABLE)] | None = None
    """Location of the site, added to every reading. Default: the object's name."""

    cloud: Annotated[Cloud, Field(json_schema_extra=CLOUD_RULES)] | None = None
    """Cloud endpoint that readings and alerts are forwarded to. If unset, readings stay on site, unless Kafka receives
    them."""

    alerting: Annotated[Alerting, Field(json_schema_extra=ALERTING_RULES)] | None = None
    """Destinations of alerts, besides the cloud, Kafka and the topic alerts of the broker. If unset, none."""

    forwarding: Annotated[
        list[Annotated[Forwarding, Field(json_schema_extra=FORWARDING_RULES)]] | None,
        Field(max_length=64, json_schema_extra=list_map("sensorType")),
    ] = None
    """Report by exception, by sensor type, at most 64: which readings are forwarded to the cloud and to Kafka. Every
    reading is stored. If unset, every reading is forwarded."""

    broker: Annotated[Broker, Field(json_schema_extra=BROKER_RULES)] = Broker()
    """MQTT broker of the site."""

    gateway: Gateway = Gateway()
    """Gateway of the site: HTTP, and MQTT pass-through to the broker."""

    processor: Processor = Processor()
    """Stream processor of the site: converts readings, checks alert rules, writes to the store."""

    storage: Annotated[Storage, Field(json_schema_extra=STORAGE_RULES)] = Storage()
    """Durable store of the site."""

    devices: Annotated[DeviceDefaults, Field(json_schema_extra=DEVICE_RULES)] = DeviceDefaults()
    """Defaults for the devices of the site."""

    scheduling: Scheduling = Scheduling()
    """Scheduling constraints for the pods of the site."""

    image_pull_secrets: Annotated[list[PullSecret] | None, Field(max_length=8, json_schema_extra=list_map("name"))] = (
        None
    )
    """Secrets with credentials for the image registries, at most 8. Added to every pod of the site."""

    pod_metadata: PodMetadata | None = None
    """Labels and annotations added to every pod of the site."""

    paused: bool = False
    """If true, the operator updates the status but changes no other object of the site. Credentials are still revoked
    and deletions still carried out."""


class EdgeSite(ApiModel):
    """EdgeSite is one location, such as a factory floor: a gateway, a stream processor, a store and a broker."""

    spec: EdgeSiteSpec = EdgeSiteSpec()
    """Desired state of the site. Every field is optional; {} is a working site."""

    status: EdgeSiteStatus | None = None
    """Observed state of the site. Written by the operator."""
