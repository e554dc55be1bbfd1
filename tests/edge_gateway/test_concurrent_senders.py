"""Many senders at a time: their readings share requests to the store. Real gateway and store, both killed at times."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from signal import SIGCONT, SIGSTOP
from typing import Any

import aiohttp

from tests.edge_gateway.gateways import TOKEN, Gateway, Gateways
from tests.edge_processor.site import Site

SENDERS = 50
ROUNDS = 6
DEVICES = 20


@dataclass
class Sender:
    """A sender with readings of its own.

    Attributes:
        number: of the sender, which is in all that it sends.
        sent: numbers of the readings that were answered with success, in their order.
        statuses: of all answers.
    """

    number: int
    sent: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    @property
    def device_id(self) -> str:
        return f"d{self.number % DEVICES + 1}"

    @property
    def session(self) -> str:
        return f"sender-{self.number}"

    def reading(self, seq: int) -> dict[str, Any]:
        return {"sensor_type": "count", "value": self.number, "session": self.session, "seq": seq}

    async def post(self, http: aiohttp.ClientSession, url: str, body: Any) -> tuple[int, Any]:
        """Return the status and the answer; status 0 if there was none."""
        try:
            async with http.post(f"{url}/devices/{self.device_id}/data", data=json.dumps(body)) as response:
                answer = await response.json(content_type=None)
                self.statuses.append(response.status)
                return response.status, answer
        except aiohttp.ClientError:
            self.statuses.append(0)
            return 0, None

    async def round(self, http: aiohttp.ClientSession, url: str, first: int) -> None:
        """Send a number of readings that no other sender sends, some twice, and something wrong; check each answer."""
        size = self.number + 1
        new = [self.reading(first + index) for index in range(size)]
        wrong = [f"wrong-{self.number}"] * (self.number % 7)
        status, answer = await self.post(http, url, [*new, *wrong])
        assert status == 200, answer
        assert answer["device_id"] == self.device_id
        assert (answer["accepted"], answer["duplicates"], answer["rejected_count"]) == (size, 0, len(wrong))
        self.sent += range(first, first + size)
        status, answer = await self.post(http, url, new[: self.number % 5 + 1])
        assert (status, answer["accepted"], answer["duplicates"]) == (200, 0, min(size, self.number % 5 + 1))
        status, answer = await self.post(http, url, {"sensor_type": f"s-{self.number}", "value": f"{self.number}"})
        assert (status, answer["reason"], answer["rejected_count"]) == (422, "NoReading", 1)

    async def send_until(self, http: aiohttp.ClientSession, url: str, over: asyncio.Event, first: int) -> None:
        """Send single readings until `over`, and note those that were answered with success."""
        while not over.is_set():
            first += 1
            status, _ = await self.post(http, url, self.reading(first))
            if status == 200:
                self.sent.append(first)
            elif status == 0:
                await asyncio.sleep(0.05)


def session() -> aiohttp.ClientSession:
    """Return an HTTP session without a limit of connections."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0))


async def known(gateway: Gateway, devices: int = DEVICES) -> None:
    for number in range(1, devices + 1):
        answer = await gateway.ask("POST", f"/devices/d{number}/status", json={"status": "online"})
        assert answer.status == 200


def check_stored(site: Site, senders: Sequence[Sender], *, exactly: bool) -> None:
    """Check that all that was answered with success is stored once, in the order of each sender."""
    stored: dict[str, list[int]] = {}
    for reading in reversed(list(site.readings())):
        if reading["session"].startswith("sender-"):
            stored.setdefault(reading["session"], []).append(reading["seq"])
            assert reading["session"] == f"sender-{reading['value']:.0f}"
    for sender in senders:
        found = stored[sender.session]
        assert found == sorted(set(found))
        assert set(sender.sent) <= set(found)
        assert not exactly or found == sender.sent


async def test_each_sender_gets_its_own_answer(own_gateways: Gateways, own_site: Site) -> None:
    gateway = own_gateways()
    await known(gateway)
    senders = [Sender(number) for number in range(SENDERS)]

    async def send(sender: Sender) -> None:
        for number in range(ROUNDS):
            await sender.round(http, gateway.url, 1000 * number)

    async with session() as http:
        await asyncio.gather(*(send(sender) for sender in senders))
    check_stored(own_site, senders, exactly=True)
    # They shared requests to the store, or this shows nothing.
    requests = own_site.store.metric("edge_storage_transaction_requests_sum")
    assert requests < SENDERS * ROUNDS * 3 / 2


async def test_success_means_stored_when_the_store_is_killed(own_gateways: Gateways, own_site: Site) -> None:
    gateway = own_gateways()
    await known(gateway)
    senders = [Sender(number) for number in range(SENDERS)]
    over = asyncio.Event()
    async with session() as http:
        sending = [asyncio.create_task(each.send_until(http, gateway.url, over, 0)) for each in senders]
        for _ in range(3):
            enough = sum(len(sender.sent) for sender in senders) + 500
            async with asyncio.timeout(60):
                while sum(len(sender.sent) for sender in senders) < enough:
                    await asyncio.wait(sending, timeout=0.05)
            own_site.store.kill()
            await asyncio.to_thread(lambda: own_site.store.start().await_ready())
        over.set()
        await asyncio.gather(*sending)
    statuses = {status for sender in senders for status in sender.statuses}
    assert statuses == {200, 503}
    check_stored(own_site, senders, exactly=False)


async def test_success_means_stored_when_the_gateway_is_killed(own_gateways: Gateways, own_site: Site) -> None:
    gateway = own_gateways()
    await known(gateway)
    senders = [Sender(number) for number in range(SENDERS)]
    over = asyncio.Event()
    async with session() as http:
        sending = [asyncio.create_task(each.send_until(http, gateway.url, over, 0)) for each in senders]
        async with asyncio.timeout(60):
            while sum(len(sender.sent) for sender in senders) < 500:
                await asyncio.wait(sending, timeout=0.05)
        gateway.process.kill()
        over.set()
        await asyncio.gather(*sending)
    assert {status for sender in senders for status in sender.statuses} <= {200, 0}
    check_stored(own_site, senders, exactly=False)


async def test_sender_that_disconnects_harms_no_other(own_gateways: Gateways, own_site: Site) -> None:
    gateway = own_gateways()
    await known(gateway, devices=2)
    first, second, third = Sender(0), Sender(1), Sender(20)
    body = json.dumps(first.reading(1)).encode()
    head = (
        f"POST /devices/{first.device_id}/data HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    async with session() as http:
        own_site.store.signal(SIGSTOP)
        leaving = [await asyncio.open_connection("127.0.0.1", gateway.port("HTTP")) for _ in range(3)]
        for _, writer in leaving:
            writer.write(head.encode() + body)
            await writer.drain()
        waiting = asyncio.create_task(second.post(http, gateway.url, second.reading(1)))
        for _, writer in leaving:
            writer.close()
            await writer.wait_closed()
        half = await asyncio.open_connection("127.0.0.1", gateway.port("HTTP"))
        half[1].write(head.encode() + body[:10])
        half[1].close()
        after = asyncio.create_task(third.post(http, gateway.url, third.reading(1)))
        await gateway.ask("GET", "/health")
        own_site.store.signal(SIGCONT)
        assert [(await each)[0] for each in (waiting, after)] == [200, 200]
    found = sorted(reading["session"] for reading in own_site.readings())
    assert found[-2:] == [second.session, third.session]
    assert set(found) <= {first.session, second.session, third.session}


async def test_small_reading_is_not_kept_by_large_ones(own_gateways: Gateways, own_site: Site) -> None:
    gateway = own_gateways()
    await known(gateway)
    large = [Sender(number) for number in range(8)]
    small = [Sender(number) for number in range(8, 28)]
    async with session() as http:
        bodies = [[each.reading(seq) for seq in range(2500)] for each in large]
        tasks = [each.post(http, gateway.url, body) for each, body in zip(large, bodies, strict=True)]
        answers = await asyncio.gather(*tasks, *(each.post(http, gateway.url, each.reading(1)) for each in small))
    assert [status for status, _ in answers] == [200] * 28
    assert [answer["accepted"] for _, answer in answers] == [2500] * 8 + [1] * 20
