"""Clients that open many connections and do not finish a request, from many addresses of loopback."""

import contextlib
import resource
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.child import HOST

SOURCES = [f"127.0.1.{number}" for number in range(1, 41)]
HALF = b"GET /ready HTTP/1.1\r\nHost: half"

LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({files}, {files}))
os.execv(sys.argv[1], sys.argv[1:])
"""


def with_files(files: int) -> tuple[str, ...]:
    """Return the prefix of a command that may have so many file descriptors."""
    return (sys.executable, "-c", LIMITED.format(files=files))


def set_files(pid: int, files: int) -> int:
    """Set the soft limit of file descriptors of a process; return the one before."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (files, hard))
    return soft


def next_file(pid: int) -> int:
    """Return the number of the next file descriptor that a process would get."""
    used = {int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir()}
    return min(set(range(len(used) + 1)) - used)


def open_files(pid: int) -> int:
    """Return how many file descriptors a process has."""
    return len([*Path(f"/proc/{pid}/fd").iterdir()])


@contextlib.contextmanager
def half_open(port: int, count: int, sent: bytes = HALF) -> Iterator[list[socket.socket]]:
    """Hold `count` connections on which `sent` was sent, from 40 addresses in turn."""
    with contextlib.ExitStack() as stack:
        opened = []
        for number in range(count):
            client = stack.enter_context(socket.socket())
            client.settimeout(60)
            client.bind((SOURCES[number % len(SOURCES)], 0))
            client.connect((HOST, port))
            # The server may have ended it by now.
            with contextlib.suppress(ConnectionError):
                client.sendall(sent)
            opened.append(client)
        yield opened


def ended(clients: list[socket.socket]) -> list[bytes]:
    """Return what the server sent to each client before it ended the connection."""
    found = []
    for client in clients:
        received = b""
        with contextlib.suppress(ConnectionError):
            while part := client.recv(1 << 16):
                received += part
        found.append(received)
    return found
