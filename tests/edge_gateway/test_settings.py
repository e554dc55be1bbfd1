from pathlib import Path

import pytest

from edge_gateway.settings import GatewaySettings
from edge_service.address import BrokerAddress

# As operator/edge_operator/desired/deployment/gateway.py renders it.
RENDERED = {
    "EDGE_NAMESPACE": "plants",
    "EDGE_SITE": "berlin",
    "EDGE_LOCATION": "hall 3",
    "PORT": "8080",
    "MQTT_TOPIC_PREFIX": "",
    "EDGE_CREDENTIALS_DIR": "/etc/edge/broker",
    "CLOUD_ENDPOINT": "https://cloud.example",
    "MQTT_BROKER": "mqtt://berlin-mqtt-internal:1884",
    "DEVICE_MQTT_BROKER": "mqtt://berlin-mqtt:1883",
    "DEVICE_MQTTS_BROKER": "mqtts://berlin-mqtt:8883",
    "STORAGE_URL": "http://berlin-storage:8080",
    "API_TOKEN_FILE": "/etc/edge/api-token/token",
    "ALLOW_PLAINTEXT_CREDENTIALS": "false",
    "HTTPS_PORT": "8443",
    "TLS_CERT_FILE": "/etc/edge/tls/tls.crt",
    "TLS_KEY_FILE": "/etc/edge/tls/tls.key",
    "HOSTNAME": "berlin-gateway-6f7d9c-abcde",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*RENDERED, "MQTT_PORT", "MQTTS_PORT"):
        monkeypatch.delenv(name, raising=False)


def test_what_the_operator_renders_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in RENDERED.items():
        monkeypatch.setenv(name, value)
    settings = GatewaySettings.load()
    assert settings.mqtt_broker == BrokerAddress("berlin-mqtt-internal", 1884)
    assert settings.device_mqtt_broker == BrokerAddress("berlin-mqtt", 1883)
    assert settings.device_mqtts_broker == BrokerAddress("berlin-mqtt", 8883, tls=True)
    assert settings.storage_url == "http://berlin-storage:8080"
    assert settings.https_port == 8443
    assert settings.tls_key_file == Path("/etc/edge/tls/tls.key")
    assert settings.allow_plaintext_credentials is False
    assert settings.hostname == RENDERED["HOSTNAME"]


def test_nothing_is_needed() -> None:
    settings = GatewaySettings.load()
    assert settings.mqtt_broker == BrokerAddress("localhost", 1883)
    assert settings.device_mqtt_broker is None
    assert (settings.mqtt_port, settings.mqtts_port) == (1883, 8883)
    assert settings.https_port is None
    assert (settings.unreachable_seconds, settings.retelling_seconds) == (30.0, 15.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MQTT_BROKER", "http://broker"),
        ("DEVICE_MQTT_BROKER", "broker"),
        ("STORAGE_URL", "ftp://store"),
        ("HTTPS_PORT", "70000"),
        ("HTTPS_PORT", "8443"),
        ("ALLOW_PLAINTEXT_CREDENTIALS", "perhaps"),
        ("PASSTHROUGH_CONNECTIONS", "0"),
        ("UNREACHABLE_SECONDS", "0s"),
        ("RETELLING_SECONDS", "never"),
        ("HOSTNAME", "a b"),
    ],
)
def test_what_is_wrong_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        GatewaySettings.load()
    assert ended.value.code == 2
    assert name in capsys.readouterr().err
