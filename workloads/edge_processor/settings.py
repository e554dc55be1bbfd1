"""The processor's settings, from the environment."""

import platform
import secrets
from dataclasses import dataclass
from pathlib import Path

from edge_service.address import BrokerAddress, http_url
from edge_service.setting import boolean, broker, duration, one_of, path, setting, whole_number
from edge_service.settings import ServiceSettings


@dataclass(frozen=True, kw_only=True)
class ProcessorSettings(ServiceSettings):
    """Settings of the processor.

    `lease_seconds`, `drain_seconds` and `sync_interval` are in seconds; their variables have a unit.
    """

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
    output_sink: str | None = setting("Kafka to produce to, such as kafka://broker-1:9092,broker-2:9092.", default=None)
    kafka_broker: str | None = setting("The same as host:port, if OUTPUT_SINK is unset.", default=None)
    kafka_topic: str = setting("Kafka topic of readings.", default="edge-readings")
    kafka_alerts_topic: str = setting("Kafka topic of alerts.", default="alerts")
    kafka_credentials_dir: Path | None = setting(
        "Directory with `username` and `password` (SASL) and `ca.crt` (TLS) for Kafka; read again when a file changes.",
        path,
        default=None,
    )
    cloud_endpoint: str | None = setting(
        "Cloud endpoint, such as https://ingest.example.com/edge or mqtts://broker.example.com:8883.", default=None
    )
    cloud_credentials_dir: Path | None = setting(
        "Directory with `token` or `username` and `password`, and perhaps `ca.crt`, for the cloud endpoint; read again"
        " when a file changes.",
        path,
        default=None,
    )
    cloud_commands: bool = setting("Whether the cloud may send commands to devices.", boolean, default=False)
    gateway_url: str | None = setting("The site's gateway, which sends the commands of the cloud.", default=None)
    gateway_token_file: Path | None = setting("File with the token for the gateway.", path, default=None)
    sync_interval: float = setting(
        "Maximum time between two attempts to reach a sink.", duration(1, 86_400), default=300.0
    )
    forwarding_file: Path | None = setting(
        "JSON file that says which readings are forwarded to the cloud and to Kafka; without one, all.",
        path,
        default=None,
    )
    alertmanager_url: str | None = setting("Alertmanager that receives alerts (API v2).", default=None)
    webhook_url: str | None = setting("URL that receives alerts as JSON.", default=None)
    alerting_credentials_dir: Path | None = setting(
        "Directory with `token` or `username` and `password`, and perhaps `ca.crt`, for Alertmanager and webhook; read"
        " again when a file changes.",
        path,
        default=None,
    )
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

    def __post_init__(self) -> None:
        """Check what one setting requires of others.

        Raises:
            ValueError: a setting that the commands of the cloud require is missing.
        """
        if self.cloud_commands and not (self.cloud_endpoint and self.gateway_url and self.gateway_token_file):
            raise ValueError("CLOUD_COMMANDS: needs CLOUD_ENDPOINT, GATEWAY_URL and GATEWAY_TOKEN_FILE")


def holder_name() -> str:
    """Return a unique name of this process for the lease."""
    return f"{platform.node()}-{secrets.token_hex(4)}"
