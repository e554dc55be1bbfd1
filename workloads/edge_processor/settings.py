"""The processor's settings, from the environment."""

import platform
import secrets
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from edge_service.address import BrokerAddress, BrokerUrl, HttpUrl
from edge_service.duration import Seconds
from edge_service.settings import ServiceSettings


class ProcessorSettings(ServiceSettings):
    """Settings of the processor."""

    processing_mode: Literal["real-time"] = "real-time"
    """How readings are processed; only `real-time`."""

    data_source: BrokerUrl = BrokerAddress("localhost", 1883)
    """The broker, such as mqtt://broker:1884."""

    storage_url: HttpUrl = "http://localhost:8080"
    """The store."""

    rules_file: Path | None = None
    """JSON file with the alert rules; without one the store keeps those that it has."""

    output_sink: str | None = None
    """Kafka to produce to, such as kafka://broker:9092; not served by this release."""

    kafka_broker: str | None = None
    """The same as host:port, where OUTPUT_SINK is absent."""

    lease_seconds: Annotated[Seconds, Field(ge=0.5, le=60)] = 2.0
    """How long the ingester's lease holds without renewal: how soon another replica takes over."""

    drain_seconds: Annotated[Seconds, Field(ge=0.1, le=60)] = 10.0
    """Maximum time to store received messages during shutdown; the pod's grace period must be 17 s longer."""

    batch_messages: Annotated[int, Field(ge=1, le=10_000)] = 500
    """Most messages in one commit; as many may be unacknowledged."""


def holder_name() -> str:
    """Return a unique name of this process for the lease."""
    return f"{platform.node()}-{secrets.token_hex(4)}"
