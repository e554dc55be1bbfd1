"""Closing a connection that is cancelled as the connection ends."""

import pytest

from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions
from edge_service.mqtt.connection import Connection
from edge_service.mqtt.credentials import Login
from tests.support.cancelled import TURNS, ends_when_cancelled


@pytest.mark.parametrize("turns", TURNS)
async def test_who_is_cancelled_as_the_connection_ends_ends(turns: int) -> None:
    options = MqttOptions(BrokerAddress("127.0.0.1", 1), "edge-test")
    connection = Connection(options, Login(), on_message=lambda _: None)
    await ends_when_cancelled(connection.close(), lambda: connection.lost.set_result("ended"), turns)
