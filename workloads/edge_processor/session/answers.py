"""Futures of single messages: the broker's reason codes as results and errors."""

import asyncio

from edge_mqtt5 import FIRST_FAILURE, reason_name
from edge_service.address import BrokerAddress
from edge_service.mqtt import NotConnectedError, PublishRefusedError
from edge_service.mqtt.futures import fail


def settle(done: asyncio.Future[int], reason: int | None, broker: BrokerAddress, why_lost: str) -> None:
    """Set the result or the error of a message.

    Args:
        done: the future; may be done.
        reason: reason code of the broker's answer; None if the connection ended before it.
        broker: for the error.
        why_lost: why the connection ended.
    """
    if reason is None:
        fail(done, NotConnectedError(f"the connection to {broker} ended: {why_lost}"))
    elif reason >= FIRST_FAILURE:
        fail(done, PublishRefusedError(f"{broker} does not take the message: {reason_name(reason)}", reason))
    elif not done.done():
        done.set_result(reason)
