"""Client ids: with the site's prefix, and without '/', which some brokers do not support in them."""

import pytest

from edge_mqtt5 import Connect
from edge_processor.session.handshake import connect_packet
from edge_service.address import BrokerAddress
from edge_service.mqtt import Login, MqttOptions
from edge_service.mqtt.client import build_client


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", "edge-processor"),
        ("factory/plant/", "factory.plant.edge-processor"),
        ("plants/north/hall-1/", "plants.north.hall-1.edge-processor"),
    ],
)
def test_client_id(prefix: str, expected: str) -> None:
    options = MqttOptions(BrokerAddress("broker", 1883), "edge-processor", prefix=prefix)
    assert options.full_client_id == expected
    assert build_client(options, Login(None, None))._client_id == expected.encode()  # noqa: SLF001 - paho has no getter
    packet = Connect(expected, clean_start=True, session_expiry=0, keepalive=15, max_packet_bytes=1000).encode()
    assert connect_packet(options, Login(None, None), 1000) == packet
