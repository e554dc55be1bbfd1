"""The wire: two interfaces, one of them in a network namespace of its own, and what is between. A process of its own.

It prints a line of JSON when it is ready. Each line on stdin is a state of the link, or `figures`; it answers each with
a line of JSON. It ends with stdin, and with it the interfaces and, once the programs in it have ended, the namespace.
"""

import argparse
import asyncio
import json
import os
import socket
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from tests.support.link.impostor import Impostor
from tests.support.link.names import answer
from tests.support.link.state import NAMES_PORT, State, Wire
from tests.support.link.tun import leave_network, open_interface

PACKET_BYTES = 1 << 16
PACKETS_IN_A_TURN = 64
INSIDE = "far0"


class NameServer(asyncio.DatagramProtocol):
    """Answers queries.

    Args:
        address: of the far end.
    """

    def __init__(self, address: str) -> None:
        self._address = socket.inet_aton(address)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for answers."""
        # The type of the event loop says it of itself only from Python 3.12 on.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str | int, ...]) -> None:
        """Answer."""
        self._transport.sendto(answer(data, self._address), address)


@dataclass
class Relay:
    """Moves packets between the two interfaces.

    Attributes:
        near: descriptor of the interface of this machine.
        far: descriptor of the interface in the namespace.
        wire: decides.
        counts: what was moved, by name.
    """

    near: int
    far: int
    wire: Wire
    counts: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Move what arrives from now on."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self.near, self._read, self.near, True)  # noqa: FBT003 - towards the far end
        loop.add_reader(self.far, self._read, self.far, False)  # noqa: FBT003 - towards this machine

    def _read(self, source: int, is_to_far: bool) -> None:  # noqa: FBT001 - the direction
        for _ in range(PACKETS_IN_A_TURN):
            try:
                content = os.read(source, PACKET_BYTES)
            except BlockingIOError:
                return
            name = "to_far" if is_to_far else "to_near"
            self.counts[f"{name}_bytes"] += len(content)
            self.counts[f"{name}_packets"] += 1
            for packet in self.wire.carry(content, is_to_far=is_to_far):
                target = self.far if packet.is_to_far else self.near
                if packet.after_seconds:
                    asyncio.get_running_loop().call_later(packet.after_seconds, self._write, target, packet.content)
                else:
                    self._write(target, packet.content)

    def _write(self, target: int, content: bytes) -> None:
        try:
            os.write(target, content)
        except OSError:
            # As a full queue of a real interface.
            self.counts["overflow_packets"] += 1


async def run(options: argparse.Namespace) -> None:
    """Be the wire until stdin ends."""
    near = open_interface(options.interface, options.near, options.far)
    leave_network()
    far = open_interface(INSIDE, options.far, options.near)
    loop, reader, impostor = asyncio.get_running_loop(), asyncio.StreamReader(), Impostor()
    await loop.create_datagram_endpoint(lambda: NameServer(options.far), (options.far, NAMES_PORT))
    relay = Relay(near, far, Wire(await impostor.listen(options.far, options.directory)))
    relay.run()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    _say({"ready": True})
    while line := (await reader.readline()).decode().strip():
        if line != "figures":
            relay.wire.enter(State(line))
        _say({**relay.counts, "deceived": impostor.deceived})


def _say(facts: Mapping[str, object]) -> None:
    print(json.dumps(facts), flush=True)  # noqa: T201 - the answer to a command


def main() -> None:
    """Be the wire."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interface", required=True, help="name of the interface of this machine")
    parser.add_argument("--near", required=True, help="its address")
    parser.add_argument("--far", required=True, help="address of the far end")
    parser.add_argument("--directory", type=Path, required=True)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
