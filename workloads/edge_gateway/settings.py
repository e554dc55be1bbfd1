"""Settings of the gateway, from the environment."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from edge_service.address import BrokerAddress, BrokerUrl, HttpUrl
from edge_service.duration import Seconds
from edge_service.settings import ServiceSettings

Port = Annotated[int, Field(ge=0, le=65535)]


class GatewaySettings(ServiceSettings):
    """Settings of the gateway, in addition to those of every program."""

    mqtt_broker: BrokerUrl = BrokerAddress("localhost", 1883)
    """The broker, on the listener for components."""

    storage_url: HttpUrl = "http://localhost:8081"
    """The store."""

    api_token_file: Path | None = None
    """File with the token of people and programs; read again when it changes. Without it no token is accepted."""

    cloud_endpoint: str = ""
    """Address to which readings are forwarded; empty for none. Not used yet."""

    allow_plaintext_credentials: bool = False
    """Whether devices may show their password over HTTP without TLS."""

    https_port: Port | None = None
    """Port of HTTPS; needs TLS_CERT_FILE and TLS_KEY_FILE. 0 takes a free one and logs it."""

    tls_cert_file: Path | None = None
    """Certificate of HTTPS, in PEM; read again when it changes."""

    tls_key_file: Path | None = None
    """Its key, in PEM."""

    device_mqtt_broker: BrokerUrl | None = None
    """Address to which devices' MQTT connections are passed."""

    device_mqtts_broker: BrokerUrl | None = None
    """Address to which devices' MQTT connections with TLS are passed."""

    mqtt_port: Port = 1883
    """Port for devices' MQTT connections, if DEVICE_MQTT_BROKER is set; 0 takes a free one."""

    mqtts_port: Port = 8883
    """Port for devices' MQTT connections with TLS, if DEVICE_MQTTS_BROKER is set."""

    passthrough_connections: Annotated[int, Field(ge=1)] = 5000
    """Maximum number of MQTT connections that are passed through, on each of the two ports."""

    unreachable_seconds: Annotated[Seconds, Field(ge=1)] = 30.0
    """Time for which the broker may be unreachable before its devices are unknown; the operator uses 30s."""

    retelling_seconds: Annotated[Seconds, Field(ge=1)] = 15.0
    """Time after a connect for the operator and the devices to publish again what the broker has lost."""

    hostname: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = "local"
    """Name of the pod; part of the MQTT client id, which must differ between replicas."""

    @model_validator(mode="after")
    def _certificate_with_https(self) -> Self:
        if self.https_port is not None and (self.tls_cert_file is None or self.tls_key_file is None):
            raise ValueError("HTTPS_PORT needs TLS_CERT_FILE and TLS_KEY_FILE")
        return self
