"""Addresses of brokers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_service.address import BrokerAddress


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://broker:1884", BrokerAddress("broker", 1884)),
        ("tcp://localhost:1883", BrokerAddress("localhost", 1883)),
        ("mqtt://broker", BrokerAddress("broker", 1883)),
        ("mqtts://b.example.com", BrokerAddress("b.example.com", 8883, tls=True)),
        ("mqtts://[2001:db8::1]:9883/", BrokerAddress("2001:db8::1", 9883, tls=True)),
        (" MQTT://Broker:1884 ", BrokerAddress("broker", 1884)),
    ],
)
def test_what_is_read(url: str, address: BrokerAddress) -> None:
    assert BrokerAddress.parse(url) == address
    assert BrokerAddress.parse(str(address)) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "broker:1883",
        "http://broker",
        "mqtt://",
        "mqtt://b:0",
        "mqtt://b:65536",
        "mqtt://b/x",
        "mqtt://b?x",
        "mqtt://[b",
    ],
)
def test_what_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"mqtt://broker:1883|IPv6"):
        BrokerAddress.parse(url)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="EDGE_CREDENTIALS_DIR") as raised:
        BrokerAddress.parse("mqtt://user:hunter2@broker")
    assert "hunter2" not in str(raised.value)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        address = BrokerAddress.parse(text)
    except ValueError:
        return
    assert address.host
    assert 1 <= address.port <= 65535
