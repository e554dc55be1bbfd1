"""Databases as Mosquitto 2.1.2 writes them on a 64-bit machine, chunk by chunk."""

import struct
from io import BytesIO

from edge_broker_agent.database.contents import Contents, check

MAGIC = b"\x00\xb5\x00mosquitto db"
PROPERTIES = b"\x0e" + b"\x01\x01" + b"\x02\x00\x00\x02\x58" + b"\x26\x00\x01a\x00\x01b"


def chunk(kind: int, body: bytes) -> bytes:
    return struct.pack(">II", kind, len(body)) + body


def header(version: int = 6) -> bytes:
    return MAGIC + struct.pack(">II", 0, version)


def config(id_bytes: int = 8) -> bytes:
    return chunk(1, struct.pack("<QBB6x", 7, 0, id_bytes))


def message(number: int, topic: bytes = b"devices/d1/data", payload: bytes = b"{}", properties: bytes = b"") -> bytes:
    client, username = b"d1", b"d1"
    lengths = struct.pack(">IHHHHHBB", len(payload), 1, len(client), len(username), len(topic), 1883, 1, 0)
    return chunk(2, struct.pack("<Qq", number, 0) + lengths + client + username + topic + payload + properties)


def session(client: bytes, username: bytes = b"~user") -> bytes:
    fixed = struct.pack("<q", 0) + struct.pack(">IHHHH4x", 3600, 1, len(client), 1884, len(username))
    return chunk(6, fixed + client + username)


def queued(number: int, client: bytes, properties: bytes = b"", state: int = 11) -> bytes:
    fixed = struct.pack("<Q", number) + struct.pack(">HHBBBB", 1, len(client), 1, state, 0x10, 1)
    return chunk(3, fixed + client + properties)


def subscription(client: bytes, topic: bytes) -> bytes:
    return chunk(5, struct.pack(">IHHBB2x", 0, len(client), len(topic), 1, 0) + client + topic)


def retained(number: int) -> bytes:
    return chunk(4, struct.pack("<Q", number))


CHUNKS = (
    config(),
    message(1),
    message(2, b"devices/d2/\xc3\xbc", b"x" * 300, PROPERTIES),
    message(3, b"edge/roster/d1"),
    session(b"edge-processor"),
    queued(1, b"edge-processor"),
    queued(2, b"edge-processor", b"\x03\x0b\xac\x02"),
    session(b"edge-gateway", b""),
    subscription(b"edge-processor", b"devices/+/data"),
    subscription(b"edge-gateway", b"devices/+/status"),
    retained(3),
)
DATABASE = header() + b"".join(CHUNKS)


def checked(content: bytes) -> Contents:
    return check(BytesIO(content), len(content))
