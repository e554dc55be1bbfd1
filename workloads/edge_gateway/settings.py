"""Settings of the gateway, from the environment."""

from dataclasses import dataclass
from pathlib import Path

from edge_service.address import BrokerAddress, http_url
from edge_service.setting import boolean, broker, duration, matching, path, port, setting, whole_number
from edge_service.settings import ServiceSettings


@dataclass(frozen=True, kw_only=True)
class GatewaySettings(ServiceSettings):
    """Settings of the gateway, in addition to those of every program.

    `http_connections_per_source` is a number of connections.
    `unreachable_seconds` and `retelling_seconds` are in seconds; their variables have a unit, such as 30s.
    """

    mqtt_broker: BrokerAddress = setting(
        "The broker, on the listener for components.", broker, default=BrokerAddress("localhost", 1883)
    )
    storage_url: str = setting("The store.", http_url, default="http://localhost:8081")
    api_token_file: Path | None = setting(
        "File with a token of people and programs, with the role Operate, for a gateway without an operator; read again"
        " when it changes.",
        path,
        default=None,
    )
    api_tokens_file: Path | None = setting(
        "File with the list of the API tokens, as digests with names and roles; read again when it changes.",
        path,
        default=None,
    )
    cloud_token_file: Path | None = setting(
        "File with the token with which the cloud sends commands; read again when it changes. Without it the cloud may"
        " not send commands.",
        path,
        default=None,
    )
    cloud_endpoint: str = setting("Address to which the processor forwards readings; empty for none.", default="")
    allow_plaintext_credentials: bool = setting(
        "Whether devices may show their password over HTTP without TLS.", boolean, default=False
    )
    https_port: int | None = setting(
        "Port of HTTPS; needs TLS_CERT_FILE and TLS_KEY_FILE. 0 takes a free one and logs it.", port, default=None
    )
    tls_cert_file: Path | None = setting(
        "Certificate of HTTPS, in PEM; read again when it changes.", path, default=None
    )
    tls_key_file: Path | None = setting("Its key, in PEM.", path, default=None)
    device_mqtt_broker: BrokerAddress | None = setting(
        "Address to which devices' MQTT connections are passed.", broker, default=None
    )
    device_mqtts_broker: BrokerAddress | None = setting(
        "Address to which devices' MQTT connections with TLS are passed.", broker, default=None
    )
    mqtt_port: int = setting(
        "Port for devices' MQTT connections, if DEVICE_MQTT_BROKER is set; 0 takes a free one.", port, default=1883
    )
    mqtts_port: int = setting(
        "Port for devices' MQTT connections with TLS, if DEVICE_MQTTS_BROKER is set.", port, default=8883
    )
    passthrough_connections: int = setting(
        "Maximum number of MQTT connections that are passed through, on each of the two ports.",
        whole_number(1),
        default=5000,
    )
    http_connections: int = setting(
        "Maximum number of HTTP and HTTPS connections together.", whole_number(1), default=4096
    )
    http_connections_per_source: int = setting(
        "Maximum number of them from one address, which may be a proxy of many clients.", whole_number(1), default=1024
    )
    unreachable_seconds: float = setting(
        "Time for which the broker may be unreachable before its devices are unknown; the operator uses 30s.",
        duration(1),
        default=30.0,
    )
    retelling_seconds: float = setting(
        "Time after a connect for the operator and the devices to publish again what the broker has lost.",
        duration(1),
        default=15.0,
    )
    hostname: str = setting(
        "Name of the pod; part of the MQTT client id, which must differ between replicas.",
        matching("[A-Za-z0-9._-]{1,64}", "1 to 64 letters, digits, '.', '_' and '-'"),
        default="local",
    )

    def __post_init__(self) -> None:
        """Check what one setting requires of others.

        Raises:
            ValueError: the certificate of HTTPS is missing.
        """
        if self.https_port is not None and (self.tls_cert_file is None or self.tls_key_file is None):
            raise ValueError("HTTPS_PORT: needs TLS_CERT_FILE and TLS_KEY_FILE")
