"""Errors of futures that nobody may wait for."""

import asyncio
from typing import Any

from edge_service.mqtt.errors import MqttError


def fail(waiting: asyncio.Future[Any], error: MqttError) -> None:
    """Set the error of a future, unless it is done."""
    if not waiting.done():
        waiting.set_exception(error)
        waiting.exception()  # who waits still gets it; if nobody does, there is nothing to warn of
