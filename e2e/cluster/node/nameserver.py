"""Asks the cluster's name server through its Service: an answer proves that kube-proxy works too."""

import contextlib
import secrets
import socket
import struct

PORT = 53
SECONDS = 0.5
RECURSION_DESIRED = 0x0100
A, INTERNET = 1, 1
LONGEST = 4096


def query(name: str, identity: int) -> bytes:
    """A question for the IPv4 addresses of a name."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    header = struct.pack("!6H", identity, RECURSION_DESIRED, 1, 0, 0, 0)
    return header + labels + b"\0" + struct.pack("!2H", A, INTERNET)


def address_in(answer: bytes, identity: int) -> str | None:
    """The last address of an answer to that question; None if it is another's, an error, or has none."""
    if len(answer) < struct.calcsize("!6H"):
        return None
    found, flags, _, count, *_ = struct.unpack_from("!6H", answer)
    if found != identity or flags & 0x000F or count == 0:
        return None
    return socket.inet_ntoa(answer[-4:])


def resolve(server: str, name: str) -> str | None:
    """The address of a name, or None when the server does not say."""
    identity = secrets.randbits(16)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, contextlib.suppress(OSError):
        asking.settimeout(SECONDS)
        asking.connect((server, PORT))
        asking.send(query(name, identity))
        return address_in(asking.recv(LONGEST), identity)
    return None
