"""What the example receiver has confirmed is there after its process was killed."""

import gzip
import os
import random
import threading
import time
from pathlib import Path

import orjson
import pytest

from tests.support.cloud import Authority, ReceiverProcess

pytestmark = pytest.mark.process
LINES = 50


class Client(threading.Thread):
    """Posts readings of a site, one request after the other, and records what was confirmed."""

    def __init__(self, receiver: ReceiverProcess, site: str) -> None:
        super().__init__(daemon=True)
        self._receiver = receiver
        self.site = site
        self.confirmed: list[int] = []
        self.is_ended = False

    def run(self) -> None:
        first = 1
        while not self.is_ended:
            numbers = range(first, first + LINES)
            text = b"\n".join(orjson.dumps({"device_id": "d", "offset": number}) for number in numbers)
            headers = {"Content_Encoding": "gzip", "Edge_Site": self.site, "Edge_Log_Id": "a"}
            if (
                self._receiver.port
                and self._receiver.call("POST", "/readings", gzip.compress(text), **headers)[0] == 200
            ):
                self.confirmed.extend(numbers)
                first += LINES


def test_nothing_that_was_confirmed_is_lost(tmp_path: Path) -> None:
    receiver = ReceiverProcess(tmp_path / "receiver", Authority(tmp_path), settings={"PATH": os.environ["PATH"]})
    receiver.start().await_ready()
    clients = [Client(receiver, f"plant/{name}") for name in ("a", "b", "c")]
    for client in clients:
        client.start()
    draw = random.Random(13)
    for _ in range(3):
        time.sleep(draw.uniform(0.3, 1.0))
        receiver.kill()
        receiver.start().await_ready()
    for client in clients:
        client.is_ended = True
    for client in clients:
        client.join(30)
        assert len(client.confirmed) > LINES
        assert receiver.offsets(client.site)[: len(client.confirmed)] == client.confirmed
    receiver.stop()
