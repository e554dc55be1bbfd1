"""Clients that post readings to a gateway, each on a keep-alive connection; a process of its own.

It sends `--requests` requests and prints one line of JSON at its end.
"""

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, field

READING = (
    '{"timestamp":"%s","sensor_type":"temperature","value":%.1f,"unit":"fahrenheit","location":"hall-1",'
    '"metadata":{"firmware":"2.4.1","battery":97},"session":"%s","seq":%d}'
)


@dataclass
class Requests:
    """What is to be sent, and when answers came.

    Attributes:
        token: of the site.
        readings: number of readings of a request.
        left: number of requests that are not sent yet.
        session: of the readings.
        took: seconds of each request.
    """

    token: str
    readings: int
    left: int
    session: str
    took: list[float] = field(default_factory=list)
    seq: int = 0

    def next(self, device: str) -> bytes:
        """Return the next request of a device."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        numbers = range(self.seq, self.seq + self.readings)
        self.seq += self.readings
        body = ",".join(READING % (stamp, 65 + seq % 100 / 10, self.session, seq) for seq in numbers)
        return self.post(f"/devices/{device}/data", f"[{body}]" if self.readings > 1 else body)

    def post(self, path: str, body: str) -> bytes:
        """Return a request."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return (head + body).encode()


class Client:
    """One keep-alive connection.

    Args:
        device: in the name of which it posts.
        requests: what it sends.
    """

    def __init__(self, device: str, requests: Requests) -> None:
        self._device, self._requests = device, requests

    async def open(self, port: int) -> None:
        """Connect and introduce the device: a gateway does not take readings of one that is not registered."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        await self._send(self._requests.post(f"/devices/{self._device}/status", '{"status":"online"}'))

    async def run(self) -> None:
        """Send one request after the other until none is left."""
        while self._requests.left > 0:
            self._requests.left -= 1
            begun = time.perf_counter()
            await self._send(self._requests.next(self._device))
            self._requests.took.append(time.perf_counter() - begun)
        self._writer.close()

    async def _send(self, request: bytes) -> None:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
        body = await self._reader.readexactly(int(length or 0))
        assert head.split()[1].startswith(b"2"), (head, body)


async def run(options: argparse.Namespace) -> dict[str, object]:
    """Print `ready`, wait for a line on stdin, and send."""
    requests = Requests(options.token, options.readings, options.requests, options.session)
    clients = [Client(f"d{number + 1:02}", requests) for number in range(options.connections)]
    await asyncio.gather(*(each.open(options.port) for each in clients))
    print("ready", flush=True)
    await asyncio.to_thread(input)
    begun = time.perf_counter()
    await asyncio.gather(*(each.run() for each in clients))
    return {"seconds": time.perf_counter() - begun, "took": sorted(requests.took)}


def main() -> None:
    """Send and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--port", "--connections", "--requests", "--readings"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--session", required=True)
    print(json.dumps(asyncio.run(run(parser.parse_args()))), flush=True)


if __name__ == "__main__":
    main()
