"""Publishes readings on `cloud/sensors/{id}` of a broker in the cloud."""

import asyncio
import functools
from collections.abc import Sequence

from edge_mqtt5 import reason_name
from edge_processor.delivery.destination import LaneName, Outcome
from edge_processor.delivery.ledger import Entry
from edge_processor.sinks.cloud.mqtt.turns import Message, Turns
from edge_wire import topics
from edge_wire.store.line import device_id_of

CACHED_TOPICS = 4096
"""Number of devices with a topic in the cache."""

_UNNAMED = "its device id cannot be a level of a topic"


class LaneSender:
    """Publishes the readings of one lane with QoS 1.

    Args:
        lane: of the readings.
        turns: publishes messages.
        prefix: put before every topic.
    """

    def __init__(self, lane: LaneName, turns: Turns, prefix: str) -> None:
        self._lane = lane
        self._turns = turns
        self._topic_of = functools.lru_cache(CACHED_TOPICS)(functools.partial(_topic, prefix))

    def send(self, entries: Sequence[Entry]) -> asyncio.Future[Outcome]:
        """Publish readings with QoS 1, in order; the future is done when each is acknowledged or rejected."""
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        messages: list[Message] = []
        positions: list[int] = []
        unnamed: list[tuple[int, str]] = []
        for at, (_, line) in enumerate(entries):
            if topic := self._topic_of(device_id_of(line)):
                messages.append((topic, line))
                positions.append(at)
            else:
                unnamed.append((at, _UNNAMED))

        def settle(refused: dict[int, int]) -> None:
            if not done.done():
                rejected = [(positions[index], reason_name(why)) for index, why in refused.items()]
                done.set_result(Outcome(tuple(sorted([*unnamed, *rejected]))))

        if messages:
            self._turns.send(self._lane, messages, settle)
        else:
            settle({})
        return done


def _topic(prefix: str, device_id: bytes) -> bytes:
    """Return the topic of a device; empty if its id cannot be a level of a topic."""
    try:
        return f"{prefix}{topics.sensors(device_id.decode())}".encode()
    except ValueError:
        return b""
