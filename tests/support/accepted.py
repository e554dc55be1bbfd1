"""The socket of a connection that another process has accepted, duplicated into this one (pidfd_getfd(2))."""

import ctypes
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.child import HOST
from tests.support.processes import eventually

PIDFD_GETFD = 438
"""The number of the system call, the same on every architecture (Linux 5.6)."""

ESTABLISHED = "01"
UNFINISHED = b"GET /health HTTP/1.1\r\n"
"""The server keeps the connection until the rest of the request arrives."""

NOT_ACCEPTED = "0"


def has_nodelay(pid: int, port: int) -> bool:
    """Return whether the process `pid`, which serves HTTP on `port`, sets TCP_NODELAY on a connection."""
    with socket.create_connection((HOST, port)) as ours:
        ours.sendall(UNFINISHED)
        own_port = ours.getsockname()[1]
        inode = eventually("the connection is accepted", lambda: _inode(pid, port, own_port))
        with _duplicate(pid, inode) as theirs:
            # The server sets the option just after it has accepted the connection.
            return bool(
                eventually("TCP_NODELAY is set", lambda: theirs.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            )


@contextmanager
def _duplicate(pid: int, inode: str) -> Iterator[socket.socket]:
    link, process = f"socket:[{inode}]", os.pidfd_open(pid)
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
    """Return the inode of the connection between two local ports; empty until the server has accepted it."""
    rows = (line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:])
    ends = f":{port:04X}", f":{peer:04X}", ESTABLISHED
    [found] = [row[9] for row in rows if (row[1][-5:], row[2][-5:], row[3]) == ends]
    return "" if found == NOT_ACCEPTED else found
