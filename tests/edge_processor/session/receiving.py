"""Sessions of the ingester in tests: what they receive, and brokers and clients around them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from edge_mqtt5 import DUP_FLAG, Bulk, Publish
from edge_pacing.backoff import Backoff
from edge_processor.session import Acknowledging, IngestSession
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions, Subscription
from tests.support.mosquitto import Mosquitto

SECONDS = 20.0
DATA = Subscription("devices/+/data")


def quick() -> Backoff:
    return Backoff(0.05, 0.2)


class Received:
    """What a session received.

    Attributes:
        batches: the messages of each read.
        acknowledges: whether each batch is acknowledged at once.
    """

    def __init__(self, *, acknowledges: bool = True) -> None:
        self.batches: list[Sequence[Publish]] = []
        self.acknowledges = acknowledges
        self._connection: Acknowledging | None = None
        self._more = asyncio.Event()

    def __call__(self, publishes: Sequence[Publish], connection: Acknowledging) -> None:
        self.batches.append(publishes)
        self._connection = connection
        if self.acknowledges:
            self.acknowledge(publishes)
        self._more.set()

    def acknowledge(self, publishes: Sequence[Publish]) -> bool:
        assert self._connection is not None
        return self._connection.acknowledge([each[3] for each in publishes if each[3]])

    @property
    def messages(self) -> list[Publish]:
        return [each for batch in self.batches for each in batch]

    @property
    def payloads(self) -> list[bytes]:
        return [each[1] for each in self.messages]

    @property
    def repeated(self) -> list[bytes]:
        return [each[1] for each in self.messages if each[2] & DUP_FLAG]

    async def until(self, holds: Callable[[], object]) -> None:
        """Return once `holds` says something true; it is asked after each batch."""
        async with asyncio.timeout(SECONDS):
            while not holds():
                self._more.clear()
                await self._more.wait()

    async def count(self, count: int) -> list[bytes]:
        """Return the payloads so far once there are `count`."""
        await self.until(lambda: len(self.messages) >= count)
        return self.payloads


def component(broker: Mosquitto, name: str, **options: object) -> MqttOptions:
    address = BrokerAddress.parse(broker.components_url)
    return MqttOptions(address, f"edge-{name}", broker.credentials(f"~{name}"), **options)  # type: ignore[arg-type]


def processor(broker: Mosquitto, receive_maximum: int = 100, **options: object) -> MqttOptions:
    durable = {"clean_start": False, "session_expiry": 3600, "receive_maximum": receive_maximum}
    return component(broker, "processor", subscriptions=(DATA,), inflight=1000, **durable, **options)


def device(broker: Mosquitto, **options: object) -> MqttOptions:
    address = BrokerAddress.parse(broker.url)
    return MqttOptions(address, "d1", broker.credentials("d1"), **options)  # type: ignore[arg-type]


@asynccontextmanager
async def connected(options: MqttOptions, received: Received | None = None) -> AsyncIterator[IngestSession]:
    async with IngestSession(options, received or Received(), backoff=quick()) as session:
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()
        yield session


async def send(session: IngestSession, payloads: Sequence[bytes], topic: bytes = b"devices/d1/data") -> None:
    """Publish many, and return once all are confirmed."""
    done = asyncio.Event()

    def moved(bulk: Bulk) -> None:
        if bulk.is_complete:
            done.set()

    session.publish_many([(topic, each) for each in payloads], moved)
    async with asyncio.timeout(SECONDS):
        await done.wait()


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]
