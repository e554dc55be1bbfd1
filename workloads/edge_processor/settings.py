"""The processor's settings, from the environment."""

import platform
import secrets
from dataclasses import dataclass
from pathlib import Path

from edge_service.address import BrokerAddress, http_url
from edge_service.setting import broker, duration, one_of, path, setting, whole_number
from edge_service.settings import ServiceSettings


@dataclass(frozen=True, kw_only=True)
class ProcessorSettings(ServiceSettings):
    """Settings of the processor. `lease_seconds` and `drain_seconds` are in seconds; their variables have a unit."""

    processing_mode: str = setting(
        "How readings are processed; only `real-time`.", one_of("real-time"), default="real-time"
    )
    data_source: BrokerAddress = setting(
        "The broker, such as mqtt://broker:1884.", broker, default=BrokerAddress("localhost", 1883)
    )
    storage_url: str = setting("The store.", http_url, default="http://localhost:8080")
    rules_file: Path | None = setting(
        "JSON file with the alert rules; without one the store keeps those that it has.", path, default=None
    )
    output_sink: str | None = setting(
        "Kafka to produce to, such as kafka://broker:9092; not served by this release.", default=None
    )
    kafka_broker: str | None = setting("The same as host:port, where OUTPUT_SINK is absent.", default=None)
    lease_seconds: float = setting(
        "How long the ingester's lease holds without renewal: how soon another replica takes over.",
        duration(0.5, 60),
        default=2.0,
    )
    drain_seconds: float = setting(
        "Maximum time to store received messages during shutdown; the pod's grace period must be 17 s longer.",
        duration(0.1, 60),
        default=10.0,
    )
    batch_messages: int = setting(
        "Most messages in one commit; twice as many may be unacknowledged.", whole_number(1, 10_000), default=500
    )


def holder_name() -> str:
    """Return a unique name of this process for the lease."""
    return f"{platform.node()}-{secrets.token_hex(4)}"
