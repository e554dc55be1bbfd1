"""Free loopback ports."""

import random
import socket

# Below the range the kernel takes for outgoing connections, so that none of them is in the way later.
FIRST, LAST = 20000, 29999


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> tuple[int, ...]:
    """Different ports that nothing listens on now; another program can still be faster."""
    draw = random.SystemRandom()
    found: set[int] = set()
    while len(found) < count:
        port = draw.randint(FIRST, LAST)
        if _free(port):
            found.add(port)
    return tuple(found)
