"""Publishes readings on `cloud/sensors/{id}` of a broker in the cloud."""

import asyncio
import functools
from collections.abc import Sequence

from edge_mqtt5 import reason_name
from edge_processor.delivery.destination import LaneName, Outcome
from edge_processor.delivery.ledger import Entry
from edge_processor.sinks.cloud.mqtt.refusals import FAULTS_OF_MESSAGES, Refusals
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
        refusals: publishes again what the broker does not take now.
    """

    def __init__(self, lane: LaneName, turns: Turns, prefix: str, refusals: Refusals) -> None:
        self._lane = lane
        self._turns = turns
        self._refusals = refusals
        self._topic_of = functools.lru_cache(CACHED_TOPICS)(functools.partial(_topic, prefix))

    def send(self, entries: Sequence[Entry]) -> asyncio.Future[Outcome]:
        """Publish readings with QoS 1, in order; the future is done when each is acknowledged or rejected."""
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        messages: list[Message] = []
        positions: list[int] = []
        rejected: list[tuple[int, str]] = []
        for at, (_, line) in enumerate(entries):
            if topic := self._topic_of(device_id_of(line)):
                messages.append((topic, line))
                positions.append(at)
            else:
                rejected.append((at, _UNNAMED))
        if messages:
            self._publish(messages, positions, rejected, done)
        else:
            done.set_result(Outcome(tuple(rejected)))
        return done

    def _publish(
        self,
        messages: Sequence[Message],
        positions: Sequence[int],
        rejected: list[tuple[int, str]],
        done: asyncio.Future[Outcome],
    ) -> None:
        """Publish messages until each is acknowledged or rejected."""

        def settle(refused: dict[int, int]) -> None:
            again = [index for index, why in refused.items() if why not in FAULTS_OF_MESSAGES]
            faults = [(positions[at], reason_name(why)) for at, why in refused.items() if why in FAULTS_OF_MESSAGES]
            rejected.extend(faults)
            if again:
                rest = [messages[index] for index in again], [positions[index] for index in again]
                publish = functools.partial(self._publish, *rest, rejected, done)
                self._refusals.refused(done, f"the broker takes no readings: {reason_name(refused[again[0]])}", publish)
                return
            self._refusals.settled(done)
            if not done.done():
                done.set_result(Outcome(tuple(sorted(rejected))))

        self._turns.send(self._lane, messages, settle)


def _topic(prefix: str, device_id: bytes) -> bytes:
    """Return the topic of a device; empty if its id cannot be a level of a topic."""
    try:
        return f"{prefix}{topics.sensors(device_id.decode())}".encode()
    except ValueError:
        return b""
