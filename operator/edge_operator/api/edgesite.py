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
    """What the site should be; every part is optional."""

    location: Annotated[str, Field(min_length=1, max_length=253, json_schema_extra=PRINTABLE)] | None = None
    """Where the site is, put on every reading. Default: the object's name."""

    cloud: Cloud | None = None
    """Where readings are forwarded to. If not given, everything stays on site."""

    broker: Annotated[Broker, Field(json_schema_extra=BROKER_RULES)] = Broker()
    """The MQTT broker of the site."""

    gateway: Gateway = Gateway()
    """The gateway: HTTP, CoAP and the way to the broker."""

    processor: Processor = Processor()
    """The stream processor."""

    storage: Annotated[Storage, Field(json_schema_extra=STORAGE_RULES)] = Storage()
    """The durable store."""

    devices: Annotated[DeviceDefaults, Field(json_schema_extra=DEVICE_RULES)] = DeviceDefaults()
    """Defaults for the devices of the site."""

    scheduling: Scheduling = Scheduling()
    """Where the pods run."""

    image_pull_secrets: Annotated[list[PullSecret] | None, Field(max_length=8, json_schema_extra=list_map("name"))] = (
        None
    )
    """Secrets with the credentials of the registries that the images come from."""

    pod_metadata: PodMetadata | None = None
    """Labels and annotations for the pods."""

    paused: bool = False
    """While true the operator observes and changes nothing; revocations and deletions are never delayed."""


class ComponentStatus(ApiModel):
    """How one component is."""

    name: Literal["gateway", "processor", "storage", "mqtt"]
    """Name of the component."""

    ready: Annotated[int, Field(ge=0)]
    """Pods that are ready."""

    desired: Annotated[int, Field(ge=0)]
    """Pods that should be."""

    image: Annotated[str, Field(max_length=512)]
    """Image in effect."""


class DeviceCounts(ApiModel):
    """How the devices of the site are."""

    total: Annotated[int, Field(ge=0)] = 0
    """Devices of the site."""

    online: Annotated[int, Field(ge=0)] = 0
    """Devices that are alive."""

    offline: Annotated[int, Field(ge=0)] = 0
    """Devices that are not."""

    unknown: Annotated[int, Field(ge=0)] = 0
    """Devices of which nothing can be said now."""


class SinkStatus(ApiModel):
    """How the way to one sink is."""

    name: Annotated[str, Field(max_length=63)]
    """Name of the sink: cloud or kafka."""

    connected: bool
    """Whether the last attempt reached it."""

    pending: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Readings that wait for it."""

    oldest_pending_time: Timestamp | None = None
    """When the oldest of them was received."""

    dead_letters: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Readings that it refused and that were set aside."""


class StorageStatus(ApiModel):
    """How the store is."""

    bytes: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Bytes in use."""

    dropped: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Readings dropped before they were forwarded."""


class Endpoints(ApiModel):
    """Where the site is reached."""

    http: Annotated[str, Field(max_length=512)] | None = None
    """HTTP of the gateway."""

    mqtt: Annotated[str, Field(max_length=512)] | None = None
    """MQTT."""

    mqtts: Annotated[str, Field(max_length=512)] | None = None
    """MQTT over TLS."""

    coap: Annotated[str, Field(max_length=512)] | None = None
    """CoAP of the gateway."""


class EdgeSiteStatus(ApiModel):
    """What was observed of the site."""

    observed_generation: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] | None = None
    """The metadata.generation that the operator last acted on."""

    phase: Literal["Pending", "Progressing", "Ready", "Degraded", "Paused"] | None = None
    """The conditions in one word."""

    conditions: Conditions = None
    """Ready, Available, BrokerConnected, CloudConnected; Reconciling and Stalled while they are true."""

    components: Annotated[list[ComponentStatus] | None, Field(max_length=8, json_schema_extra=list_map("name"))] = None
    """The components of the site."""

    devices: DeviceCounts | None = None
    """The devices of the site, counted."""

    sinks: Annotated[list[SinkStatus] | None, Field(max_length=8, json_schema_extra=list_map("name"))] = None
    """The ways to the cloud and to Kafka."""

    storage: StorageStatus | None = None
    """The store."""

    endpoints: Endpoints | None = None
    """Where the site is reached."""


class EdgeSite(ApiModel):
    """One place, such as a factory floor: a gateway, a stream processor, a durable store and an MQTT broker."""

    spec: EdgeSiteSpec = EdgeSiteSpec()
    """What the site should be; every part is optional, {} is a working site."""

    status: EdgeSiteStatus | None = None
    """What was observed of the site; written by the operator."""
