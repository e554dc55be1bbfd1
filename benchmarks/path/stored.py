"""A store with millions of readings of real sensor data: size on disk, queries, start."""

import base64
import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from benchmarks.path.figures import Spent, disk_bytes, wait_until_quiet
from benchmarks.path.sensor_data import READINGS_PER_SECOND, Replay, temperatures
from benchmarks.path.site import MeasuredSite
from tests.support.child import HOST

HOUR_SECONDS = 3600
HOUR_READINGS = HOUR_SECONDS * READINGS_PER_SECOND
MOST_DEVICES = 50
DEVICE = "d01"
PAGES = (100_000, 10_000, 1000)
"""Sizes of a page that are tried, in number of readings: the largest that the store accepts is used."""

NDJSON = "application/x-ndjson"
REQUEST_SECONDS = 120.0


class StoreApi:
    """The store's HTTP interface.

    Args:
        site: with the store.
    """

    def __init__(self, site: MeasuredSite) -> None:
        self._port = site.store.port

    def ask(self, path: str, body: bytes | None = None, accept: str = "application/json") -> tuple[int, str, bytes]:
        """Return the status, the type and the content of an answer.

        Each request has its own connection: a store that does not set TCP_NODELAY answers others after 40 ms.
        """
        connection = http.client.HTTPConnection(HOST, self._port, timeout=REQUEST_SECONDS)
        try:
            headers = {"Connection": "close", "Accept": accept}
            connection.request("GET" if body is None else "POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers.get_content_type(), answer.read()
        finally:
            connection.close()

    def stream(self, **query: str) -> int | None:
        """Return the number of readings of a range of time; None if the store does not stream them."""
        status, kind, content = self.ask(f"/v1/readings?{urlencode(query)}", accept=NDJSON)
        assert status == 200, (status, content)
        return content.count(b"\n") if kind == NDJSON else None

    def page(self, **query: str | int) -> tuple[list[dict[str, Any]], Any]:
        """Return a page of readings and the position of the next one."""
        status, _, content = self.ask(f"/v1/readings?{urlencode(query)}")
        assert status == 200, (status, content)
        answer = json.loads(content)
        return answer["readings"], answer["next"]

    def page_size(self) -> int:
        """Return the largest size of a page that the store accepts."""
        return next(size for size in PAGES if self.ask(f"/v1/readings?device_id={DEVICE}-x&limit={size}")[0] == 200)


@dataclass(frozen=True, slots=True)
class Filled:
    """A store that was filled.

    Attributes:
        readings: number of readings.
        begun: time of the first one, in seconds since 1970.
        spent: by the store, to fill it.
        disk: bytes on disk.
    """

    readings: int
    begun: float
    spent: Spent
    disk: int


def fill(site: MeasuredSite, readings: int, devices: int | None = None, session: str = "boot-17") -> Filled:
    """Store a number of readings through the store's own interface, as an ingester's batches of a second.

    Args:
        site: with the store.
        readings: how many.
        devices: number of devices; by default as many as can each have more than an hour.
        session: of the devices: the store has each reading of a session once.
    """
    api = StoreApi(site)
    devices = devices or _devices(readings)
    seconds = readings // (devices * READINGS_PER_SECOND)
    # The newest readings are from now.
    replay = Replay(temperatures(), devices, float(int(time.time()) - seconds), session)
    before = Spent.of([site.store.pid])
    for number in range(seconds):
        body = json.dumps(_request(replay, number)).encode()
        status, _, answer = api.ask("/v1/readings", body)
        assert status == 200, (status, answer)
    wait_until_quiet([site.store.pid])
    spent = Spent.of([site.store.pid]).since(before)
    return Filled(seconds * devices * READINGS_PER_SECOND, replay.begun, spent, disk_bytes(site.directory / "data"))


def _request(replay: Replay, number: int) -> dict[str, Any]:
    messages = [
        {"device_id": name, "payload": base64.b64encode(payload.encode()).decode()}
        for name, payload in replay.second(number)
    ]
    received_at = _text(replay.begun + number + 1)
    return {"token": None, "location": "hall-1", "received_at": received_at, "messages": messages}


def hour_of_device(site: MeasuredSite, filled: Filled) -> tuple[float, str]:
    """Read 72,000 readings of one device from the middle of the store; return the seconds, and how they were read.

    A store that streams a range of time answers with all of them; an older one page by page.
    """
    api = StoreApi(site)
    devices = _devices(filled.readings)
    seconds = filled.readings // (READINGS_PER_SECOND * devices)
    middle = filled.begun + max(HOUR_SECONDS, seconds - (seconds - HOUR_SECONDS) // 2)
    begun = time.perf_counter()
    found = api.stream(**{"device_id": DEVICE, "from": _text(middle - HOUR_SECONDS), "to": _text(middle)})
    took = time.perf_counter() - begun
    if found is not None:
        assert found == HOUR_READINGS, found
        return took, "one stream"
    # The position of the middle, as a program that has stored the readings has it.
    position, size = int((middle - filled.begun) * devices * READINGS_PER_SECOND), api.page_size()
    begun = time.perf_counter()
    pages = list(_pages(api, size, position))
    took = time.perf_counter() - begun
    found = sum(len(page) for page in pages)
    assert HOUR_READINGS <= found < HOUR_READINGS + size, found
    return took, f"{len(pages)} pages"


def _devices(readings: int) -> int:
    """Return the number of devices with which each has more than an hour."""
    return max(1, min(MOST_DEVICES, readings // (HOUR_READINGS + 8000)))


def _pages(api: StoreApi, size: int, position: int | None) -> Iterator[list[dict[str, Any]]]:
    found = 0
    while found < HOUR_READINGS and position is not None:
        page, position = api.page(device_id=DEVICE, limit=size, before=position)
        yield page
        found += len(page)


def newest(site: MeasuredSite, times: int = 20) -> list[float]:
    """Return the seconds that the newest 100 readings of one device took, sorted."""
    api, took = StoreApi(site), []
    for _ in range(times):
        begun = time.perf_counter()
        page, _ = api.page(device_id=DEVICE, limit=100)
        took.append(time.perf_counter() - begun)
        assert len(page) == 100
    return sorted(took)


def restart(site: MeasuredSite) -> float:
    """Restart the store in an orderly way; return the seconds from its start until it is ready."""
    assert site.store.stop() == 0
    begun = time.perf_counter()
    site.store.start()
    while site.store.get("/ready")[0] != 200:
        time.sleep(0.005)
    return time.perf_counter() - begun


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
