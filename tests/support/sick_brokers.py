"""False brokers: ports that accept a connection, and then send nonsense, close it or send nothing at all."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from tests.support.mosquitto import HOST

CONNACK = bytes([0x20, 3, 0, 0, 0])
"""MQTT 5: success, no properties."""

LONGEST_PACKET = 65536
Answer = Callable[[socket.socket], None]


def nonsense(wire: socket.socket) -> None:
    """Answer as a web server does."""
    wire.recv(LONGEST_PACKET)
    wire.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" * 100)
    wire.recv(LONGEST_PACKET)


def silence(wire: socket.socket) -> None:
    """Take all, answer nothing."""
    while wire.recv(LONGEST_PACKET):
        pass


def half_a_greeting(wire: socket.socket) -> None:
    """Let everybody in and never confirm a subscription."""
    wire.recv(LONGEST_PACKET)
    wire.sendall(CONNACK)
    silence(wire)


def broken_off(wire: socket.socket) -> None:
    """Close at once."""
    wire.recv(LONGEST_PACKET)


SICK: dict[str, Answer] = {
    "nonsense": nonsense,
    "silence": silence,
    "half-a-greeting": half_a_greeting,
    "broken-off": broken_off,
}


@contextmanager
def sick_broker(answer: Answer) -> Iterator[int]:
    """Listen on a free port, which is yielded, and treat every connection like that."""
    with socket.create_server((HOST, 0)) as server:
        Thread(target=_serve, args=(server, answer), daemon=True).start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket, answer: Answer) -> None:
    with contextlib.suppress(OSError):
        while True:
            wire, _ = server.accept()
            Thread(target=_treat, args=(wire, answer), daemon=True).start()


def _treat(wire: socket.socket, answer: Answer) -> None:
    with wire, contextlib.suppress(OSError):
        answer(wire)
