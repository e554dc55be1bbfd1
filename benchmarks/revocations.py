"""How long a revoked device stays connected, and how long the broker responds to no client in this time."""

import asyncio
import itertools
import random
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.broker_site import BrokerSite
from benchmarks.wire_fleet import CONNACK, KEEPALIVE, connect, packet, text
from edge_operator.identity.logins import GATEWAY, component_login, device_login
from tests.edge_broker_agent.logins import ROOT
from tests.support.mosquitto import HOST

OPEN_SECONDS = 30.0
CUT_SECONDS = 60.0
BEAT = 0.005
"""Seconds between two messages of the probe."""

AFTERWARDS = 3.0
"""Seconds after a revocation in which probes still count for it: the reload has ended by then."""

REST = (0.5, 3.0)
PUBLISH = 0x30
PINGREQ = b"\xc0\0"


class Held(asyncio.Protocol):
    """One connection as a device or a component.

    Attributes:
        opened: done once the broker has let it in.
        lost: done when the connection is closed; the result is the time.
    """

    def __init__(self, username: str, password: str, took: Callable[[bytes], None] = lambda _: None) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[float] = loop.create_future()
        self.transport: asyncio.WriteTransport | None = None
        self._hello = connect(username, password)
        self._took = took

    @classmethod
    async def open(
        cls, port: int, username: str, password: str, took: Callable[[bytes], None] = lambda _: None
    ) -> "Held":
        """Connect and return once the broker has let it in."""
        loop = asyncio.get_running_loop()
        _, held = await loop.create_connection(lambda: cls(username, password, took), HOST, port)
        async with asyncio.timeout(OPEN_SECONDS):
            await held.opened
        return held

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Log in."""
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        transport.write(self._hello)
        self._ping_later()

    def data_received(self, data: bytes) -> None:
        """Take what comes."""
        if self.opened.done():
            self._took(data)
        elif data[0] == CONNACK and data[3] == 0:
            self.opened.set_result(None)
        else:
            self.opened.set_exception(AssertionError(f"the broker does not let it in: {data.hex()}"))

    def connection_lost(self, _error: Exception | None) -> None:
        """Take note of the time."""
        self._pinging.cancel()
        self.lost.set_result(time.monotonic())

    def _ping_later(self) -> None:
        self._pinging = asyncio.get_running_loop().call_later(KEEPALIVE / 2, self._ping)

    def _ping(self) -> None:
        """Send a keep-alive: the broker closes silent connections."""
        self.send(PINGREQ)
        self._ping_later()

    def send(self, data: bytes) -> None:
        """Send a packet."""
        assert self.transport is not None
        self.transport.write(data)


@dataclass
class Probe:
    """Publishes as the gateway what a device receives, again and again.

    Attributes:
        taken: when each message was sent, and after how many seconds it came.
    """

    taken: list[tuple[float, float]] = field(default_factory=list)
    _rest: bytes = b""

    async def run(self, site: BrokerSite, device: str) -> None:
        """Probe until cancelled."""
        layout = site.site.broker.layout
        await_ = device_login(ROOT, device, 0), component_login(ROOT, GATEWAY)
        receiver = await Held.open(layout.mqtt, await_[0].username, await_[0].password, self._took)
        sender = await Held.open(layout.components, await_[1].username, await_[1].password)
        topic = f"devices/{device}/command"
        receiver.send(packet(0x82, b"\0\1\0" + text(topic) + b"\0"))
        while True:
            sender.send(packet(PUBLISH, text(topic) + b"\0" + struct.pack("!d", time.monotonic())))
            await asyncio.sleep(BEAT)

    def worst(self, begun: float, ended: float) -> float:
        """Return the longest way of a message that was sent within these times."""
        return max(way for sent, way in self.taken if begun <= sent <= ended)

    def _took(self, data: bytes) -> None:
        now, self._rest = time.monotonic(), self._rest + data
        while len(self._rest) >= 2 and len(self._rest) >= 2 + self._rest[1]:
            one, self._rest = self._rest[: 2 + self._rest[1]], self._rest[2 + self._rest[1] :]
            if one[0] & 0xF0 == PUBLISH:
                (sent,) = struct.unpack("!d", one[-8:])
                self.taken.append((sent, now - sent))


@dataclass
class Cuts:
    """What was measured.

    Attributes:
        from_start: seconds from the start of kubectl to the closed socket.
        from_answer: seconds from the end of kubectl, which is after the API server's answer.
        stalls: the longest way of a message during each.
        usual: ways of messages while nothing was revoked.
    """

    from_start: list[float] = field(default_factory=list)
    from_answer: list[float] = field(default_factory=list)
    stalls: list[float] = field(default_factory=list)
    usual: list[float] = field(default_factory=list)


async def revoke_all(
    site: BrokerSite, victims: Sequence[str], probe_device: str, disable: Callable[[str], object], rest: float
) -> Cuts:
    """Connect as the victims and revoke one after the other.

    Args:
        site: the site of the broker.
        victims: devices that nobody else connects as.
        probe_device: another one.
        disable: sets `spec.disabled` of a device and returns when the API server has answered.
        rest: seconds for which the probe runs before the first.
    """
    port, cuts, chance, probe = site.site.broker.layout.mqtt, Cuts(), random.Random(20261125), Probe()
    held = {name: await Held.open(port, name, device_login(ROOT, name, 0).password) for name in victims}
    probing = asyncio.create_task(probe.run(site, probe_device))
    await asyncio.sleep(rest)
    cuts.usual = [way for _, way in probe.taken]
    for name in victims:
        begun = time.monotonic()
        await asyncio.to_thread(disable, name)
        answered = time.monotonic()
        async with asyncio.timeout(CUT_SECONDS):
            cut = await held.pop(name).lost
        cuts.from_start.append(cut - begun)
        cuts.from_answer.append(max(0.0, cut - answered))
        await asyncio.sleep(AFTERWARDS)
        cuts.stalls.append(probe.worst(begun, cut + AFTERWARDS))
        others = [other for other, each in held.items() if each.lost.done()]
        assert not others, f"others were cut off too: {list(itertools.islice(others, 5))}"
        assert not probing.done(), probing.exception()
        await asyncio.sleep(chance.uniform(*REST))
    probing.cancel()
    return cuts
