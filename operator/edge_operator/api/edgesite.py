"""EdgeSite: one place, such as a factory floor, with its gateway, processor, store and broker."""

from typing import Annotated, Literal

from pydantic import Field

from .broker import BROKER_RULES, Broker
from .components import Cloud, DeviceDefaults, PodMetadata, Scheduling
from .conditions import Conditions, Timestamp
from .gateway import Gateway
from .processor import Processor
from .references import PullSecret
from .schema import ApiModel, list_map, rule, rules, unchanging
from .storage import Storage
from .values import PRINTABLE, at_least_twice, is_quantity, only_grows

STORAGE_RULES = rules(
    only_grows(".size", "self.size", "oldSelf.size"),
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

    cloud: Cloud | None = None
    """Cloud endpoint that readings are forwarded to. If unset, readings stay on site. Not used yet."""

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


class ComponentStatus(ApiModel):
    """Observed state of one component."""

    name: Literal["gateway", "processor", "storage", "mqtt"]
    """Name of the component."""

    ready: Annotated[int, Field(ge=0)]
    """Number of ready pods."""

    desired: Annotated[int, Field(ge=0)]
    """Desired number of pods."""

    image: Annotated[str, Field(max_length=512)]
    """Image that the component runs."""


class DeviceCounts(ApiModel):
    """Number of devices by phase. Updated at most every 30 seconds."""

    total: Annotated[int, Field(ge=0)] = 0
    """Number of devices of the site."""

    online: Annotated[int, Field(ge=0)] = 0
    """Number of devices in phase Online."""

    offline: Annotated[int, Field(ge=0)] = 0
    """Number of devices in phase Offline."""

    unknown: Annotated[int, Field(ge=0)] = 0
    """Number of devices in phase Unknown or Pending."""


class SinkStatus(ApiModel):
    """Observed state of one sink for readings. Not used yet."""

    name: Annotated[str, Field(max_length=63)]
    """Name of the sink: cloud or kafka."""

    connected: bool
    """Whether the last attempt to reach the sink succeeded."""

    pending: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Number of readings that wait to be forwarded."""

    oldest_pending_time: Timestamp | None = None
    """Time at which the site received the oldest reading that waits to be forwarded."""

    dead_letters: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Number of readings that the sink rejected. They are kept as dead letters."""


class StorageStatus(ApiModel):
    """Observed state of the store."""

    bytes: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Bytes of the store's files on its volume, as du counts them."""

    dropped: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Number of readings dropped before they were forwarded."""


class Endpoints(ApiModel):
    """Addresses of the site's services."""

    http: Annotated[str, Field(max_length=512)] | None = None
    """URL of the gateway's HTTP API."""

    mqtt: Annotated[str, Field(max_length=512)] | None = None
    """URL for MQTT without TLS."""

    mqtts: Annotated[str, Field(max_length=512)] | None = None
    """URL for MQTT over TLS."""

    coap: Annotated[str, Field(max_length=512)] | None = None
    """URL of the gateway's CoAP server. Not used yet."""


class EdgeSiteStatus(ApiModel):
    """Observed state of the site."""

    observed_generation: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] | None = None
    """The metadata.generation that the operator last reconciled."""

    phase: Literal["Pending", "Progressing", "Ready", "Degraded", "Paused"] | None = None
    """Summary of the conditions in one word."""

    conditions: Conditions = None
    """Conditions of the site: Ready, Available, BrokerConnected, CloudConnected. BrokerDropping, BrokerDataLost,
    StorageFull, ReadingsDropped, StorageDataLost, Reconciling and Stalled are present only while they are true."""

    components: Annotated[list[ComponentStatus] | None, Field(max_length=8, json_schema_extra=list_map("name"))] = None
    """Observed state of each component."""

    devices: DeviceCounts | None = None
    """Number of devices by phase."""

    sinks: Annotated[list[SinkStatus] | None, Field(max_length=8, json_schema_extra=list_map("name"))] = None
    """Observed state of the sinks: cloud and Kafka. Not used yet."""

    storage: StorageStatus | None = None
    """Observed state of the store."""

    endpoints: Endpoints | None = None
    """Addresses of the site's services."""


class EdgeSite(ApiModel):
    """EdgeSite is one location, such as a factory floor: a gateway, a stream processor, a store and a broker."""

    spec: EdgeSiteSpec = EdgeSiteSpec()
    """Desired state of the site. Every field is optional; {} is a working site."""

    status: EdgeSiteStatus | None = None
    """Observed state of the site. Written by the operator."""
