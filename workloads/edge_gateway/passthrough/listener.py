"""Listens for MQTT connections of devices and passes each through to the broker."""

import asyncio
import logging
from types import TracebackType
from typing import Self

from edge_gateway.passthrough.counts import PassthroughCounts
from edge_gateway.passthrough.pipe import End
from edge_service.address import BrokerAddress
from edge_service.peer import check_address
from edge_service.program import cannot_listen
from edge_service.serving import acceptor
from edge_service.serving.acceptor import Acceptor
from edge_service.serving.connection_table import ConnectionTable, Slot
from edge_service.serving.limits import ConnectionLimits
from edge_service.waiting import set_within

CONNECT_SECONDS = 5.0
DRAIN_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Passthrough:
    """Passes the connections of one port through to the broker; an asynchronous context manager that drains at its end.

    Args:
        name: in metrics and logs (mqtt, mqtts).
        target: the broker. TLS is between device and broker; its bytes pass unchanged.
        limit: maximum number of connections.
        counts: metrics of the connections.

    Attributes:
        port: the port it listens on, set when it has started.
    """

    def __init__(self, name: str, target: BrokerAddress, limit: int, counts: PassthroughCounts) -> None:
        self.port = 0
        self._name = name
        self._target = target
        self._counts = counts
        limits = ConnectionLimits(connections=limit, connections_per_source=limit, reserve_connections=0)
        self._table = ConnectionTable(limits, lambda _: counts.refused(name, "limit"))
        self._acceptor: Acceptor | None = None
        self._ends: set[End] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._empty = asyncio.Event()

    async def listen(self, host: str, port: int) -> Self:
        """Listen; port 0 takes a free one.

        Raises:
            StartError: the port cannot be opened.
        """
        try:
            listener = acceptor.listen(host, port)
        except OSError as error:
            setting = f"{self._name.upper()}_PORT"
            raise cannot_listen(host, port, error, setting) from error
        self.port = listener.getsockname()[1]
        self._acceptor = Acceptor(listener, self._table, self._device)
        self._acceptor.start()
        logger.info("passing %s on port %d through to %s", self._name, self.port, self._target)
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Accept no new connections, close the open ones; after `DRAIN_SECONDS` abort those with unsent data."""
        if self._acceptor is not None:
            self._acceptor.stop()
        for task in self._connecting:
            task.cancel()
        for end in tuple(self._ends):
            end.close()
        if not self._ends:
            return
        self._empty.clear()
        if not await set_within(self._empty, DRAIN_SECONDS):
            for end in tuple(self._ends):
                end.abort()

    def opened(self, device: End) -> None:
        """Handle a new connection of a device."""
        self._ends.add(device)
        self._counts.opened(self._name)
        task = asyncio.get_running_loop().create_task(self._connect(device))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    def closed(self, device: End) -> None:
        """Remove a closed connection of a device."""
        self._ends.discard(device)
        self._counts.closed(self._name)
        if not self._ends:
            self._empty.set()

    def _device(self, slot: Slot) -> "_Device":
        # A device may be silent for as long as the broker lets it.
        slot.set_busy()
        return _Device(self, slot)

    async def _connect(self, device: End) -> None:
        loop = asyncio.get_running_loop()
        broker = End(_nobody)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                opened, _ = await loop.create_connection(lambda: broker, self._target.host, self._target.port)
            check_address(opened.get_extra_info("peername")[0])
        except OSError as error:
            broker.close()
            self._counts.refused(self._name, "broker")
            logger.warning("%s connection closed: broker %s cannot be reached: %s", self._name, self._target, error)
            device.close()
            return
        if device.transport is None:
            broker.close()
            return
        device.join(broker)


class _Device(End):
    """The device's end, which reports to the listener."""

    __slots__ = ("_listener", "_slot")

    def __init__(self, listener: Passthrough, slot: Slot) -> None:
        super().__init__(listener.closed)
        self._listener = listener
        self._slot = slot

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport and connect it to the broker."""
        super().connection_made(transport)
        self._listener.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Make room for another connection."""
        self._slot.release()
        super().connection_lost(error)


def _nobody(_end: End) -> None:
    """Ignore the end of a connection to the broker: the device's end reports it."""
