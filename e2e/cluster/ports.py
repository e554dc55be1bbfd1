"""Free loopback ports."""

import functools
import os
import random
import socket
from collections import deque

# Below the range the kernel takes for outgoing connections, so that none of them is in the way later.
FIRST, LAST = 20000, 29999
BLOCK = 100
CLAIM = "\0edge-stack/ports/{}"
"""Name of the socket that says that a block is taken (unix(7), abstract: it goes with its process)."""


class Ports:
    """Hands out ports of blocks that no other process has, each once before any comes again.

    Between the choice of a port and the moment at which somebody listens on it any time may pass.
    """

    def __init__(self) -> None:
        self._claims: list[int] = []
        self._own: deque[int] = deque()
        self._new: deque[int] = deque()
        blocks = list(range(FIRST, LAST + 1, BLOCK))
        random.SystemRandom().shuffle(blocks)
        self._unclaimed = deque(blocks)

    def next(self) -> int:
        """Return a port that nothing listens on.

        Raises:
            OSError: there is none left.
        """
        while self._new or self._claim():
            port = self._new.popleft()
            self._own.append(port)
            if _free(port):
                return port
        for _ in range(len(self._own)):
            self._own.rotate(-1)
            if _free(self._own[-1]):
                return self._own[-1]
        raise OSError(f"no port from {FIRST} to {LAST} is free on 127.0.0.1")

    def close(self) -> None:
        """Leave the blocks to others."""
        while self._claims:
            os.close(self._claims.pop())

    def _claim(self) -> bool:
        """Take another block; return whether there was one."""
        while self._unclaimed:
            block = self._unclaimed.popleft()
            claim = socket.socket(socket.AF_UNIX)
            try:
                claim.bind(CLAIM.format(block))
            except OSError:
                claim.close()
                continue
            self._claims.append(claim.detach())
            self._new.extend(range(block, block + BLOCK))
            return True
        return False


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@functools.cache
def _ports() -> Ports:
    return Ports()


def free_ports(count: int) -> tuple[int, ...]:
    """Different ports that nothing listens on now, and that no other process of this project is given.

    Raises:
        OSError: there are none left.
    """
    return tuple(_ports().next() for _ in range(count))
