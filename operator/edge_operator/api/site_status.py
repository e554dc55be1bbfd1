"""The status of an EdgeSite."""

from typing import Annotated, Literal

from pydantic import Field

from .conditions import Conditions, Timestamp
from .schema import ApiModel, list_map


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
    """Observed state of one sink."""

    name: Annotated[str, Field(max_length=63)]
    """Name of the sink: cloud, kafka, alertmanager or webhook."""

    connected: bool
    """Whether the last attempt to reach the sink succeeded."""

    pending: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Number of readings that wait to be forwarded; of alerts for alertmanager and webhook. Updated at most every 30
    seconds, if it has changed by more than a tenth."""

    oldest_pending_time: Timestamp | None = None
    """Time at which the site received the oldest of them."""

    dead_letters: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Number of readings and alerts that the sink rejected. They are kept as dead letters."""

    last_error: Annotated[str, Field(max_length=256)] | None = None
    """Why the last attempt to reach the sink failed. Absent if it succeeded."""


class StorageStatus(ApiModel):
    """Observed state of the store."""

    bytes: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Bytes of the store's files on its volume, as du counts them."""

    capacity: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] | None = None
    """Size of the volume in bytes."""

    oldest: Timestamp | None = None
    """Time at which the site received the oldest stored reading."""

    dropped: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] = 0
    """Number of readings dropped before they were forwarded."""


class Endpoints(ApiModel):
    """Addresses of the site's services."""

    http: Annotated[str, Field(max_length=512)] | None = None
    """URL of the gateway's HTTP API."""

    https: Annotated[str, Field(max_length=512)] | None = None
    """URL of the gateway's HTTP API over TLS. Present only if gateway.tls is set."""

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
    """Conditions of the site: Ready, Available, BrokerConnected, CloudConnected. KafkaConnected is present only if
    Kafka is configured. BrokerDropping, BrokerDataLost, StorageFull, ReadingsDropped, StorageDataLost,
    CertificateExpired, CertificateExpiring, CertificateNameMismatch, Reconciling and Stalled are present only while
    they are true."""

    components: Annotated[list[ComponentStatus] | None, Field(max_length=8, json_schema_extra=list_map("name"))] = None
    """Observed state of each component."""

    devices: DeviceCounts | None = None
    """Number of devices by phase."""

    sinks: Annotated[list[SinkStatus] | None, Field(max_length=8, json_schema_extra=list_map("name"))] = None
    """Observed state of the sinks: cloud, kafka, alertmanager, webhook. Those that the spec configures."""

    storage: StorageStatus | None = None
    """Observed state of the store."""

    endpoints: Endpoints | None = None
    """Addresses of the site's services."""
