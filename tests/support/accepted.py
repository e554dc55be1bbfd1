"""The socket of a connection that another process has accepted, duplicated into this one (pidfd_getfd(2))."""

import ctypes
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.child import HOST

PIDFD_GETFD = 438
"""The number of the system call, the same on every architecture (Linux 5.6)."""

ESTABLISHED = "01"
REQUEST = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def has_nodelay(pid: int, port: int) -> bool:
    """Return whether the process `pid`, which serves HTTP on `port`, sets TCP_NODELAY on a connection."""
    with socket.create_connection((HOST, port)) as ours:
        ours.sendall(REQUEST)
        ours.recv(1)
        with _accepted(pid, port, ours.getsockname()[1]) as theirs:
            return bool(theirs.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


@contextmanager
def _accepted(pid: int, port: int, peer: int) -> Iterator[socket.socket]:
    link, process = f"socket:[{_inode(pid, port, peer)}]", os.pidfd_open(pid)
    try:
        [number] = [each.name for each in Path(f"/proc/{pid}/fd").iterdir() if each.readlink().name == link]
        libc = ctypes.CDLL(None, use_errno=True)
        duplicate = libc.syscall(PIDFD_GETFD, process, int(number), 0)
        if duplicate < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        with socket.socket(fileno=duplicate) as theirs:
            yield theirs
    finally:
        os.close(process)


def _inode(pid: int, port: int, peer: int) -> str:
    """Return the inode of the connection between two local ports."""
    rows = (line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:])
    ends = f":{port:04X}", f":{peer:04X}", ESTABLISHED
    [found] = [row[9] for row in rows if (row[1][-5:], row[2][-5:], row[3]) == ends]
    return found
