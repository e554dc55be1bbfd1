"""A subscriber with a durable session on `cloud/sensors` and `alerts`; a process of its own.

It appends a line for each message to a file, and acknowledges a message only when its line is written.
"""

import argparse
import contextlib
import json
import socket
import time
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from benchmarks.path.wire import CONNACK, Connect, Decoder, Publish, pubacks, subscribe

TOPICS = ("cloud/sensors/#", "alerts/+")
EXPIRY_SECONDS = 24 * 3600
RETRY_SECONDS = 0.05
SILENT_SECONDS = 3.0
"""Time for an answer to the CONNECT: a broker that is stopped takes connections and sends nothing."""

READ_BYTES = 1 << 18
ALERTS = b"alerts/"


def line(message: Publish) -> bytes:
    """Return what is written of a message: kind, identity, digest of the payload."""
    document = json.loads(message.payload)
    digest = int.from_bytes(blake2b(message.payload, digest_size=8).digest(), "big")
    if message.topic.startswith(ALERTS):
        return f"alert {document['device_id']} {document['alert_id']} {document['state']} {digest}\n".encode()
    key = f"{document['device_id']} {document['session']} {document['seq']}"
    return f"reading {key} {document['offset']} {digest}\n".encode()


def receive(port: int, login: bytes, out: BinaryIO) -> None:
    """Write messages until the connection ends."""
    decoder, is_open = Decoder(), False
    with socket.create_connection(("127.0.0.1", port), timeout=SILENT_SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(login)
        while data := connection.recv(READ_BYTES):
            packets = decoder.feed(data)
            for first, body in packets.others:
                if first & 0xF0 == CONNACK:
                    assert body[1] == 0, f"the broker rejects the login with {body[1]:#x}"
                    is_open = True
                    connection.settimeout(None)
                    connection.sendall(b"".join(subscribe(topic, 65000 + at) for at, topic in enumerate(TOPICS)))
                elif first & 0xF0 == 0x90:
                    print("ready", flush=True)
            if packets.publishes:
                assert is_open
                out.write(b"".join(map(line, packets.publishes)))
                out.flush()
                connection.sendall(pubacks(packets.publishes))


def main() -> None:
    """Write until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--username", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    login = Connect(options.username, options.password, clean=False, expiry_seconds=EXPIRY_SECONDS).encode()
    with options.out.open("ab") as out:
        while True:
            with contextlib.suppress(OSError):
                receive(options.port, login, out)
            time.sleep(RETRY_SECONDS)


if __name__ == "__main__":
    main()
