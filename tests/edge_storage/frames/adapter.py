"""A blocking client of the listener."""

import datetime as dt
import socket
from collections.abc import Iterable
from typing import Self

from edge_wire.store.frames import (
    AnswerParts,
    CommitAnswer,
    CommitRequest,
    Frame,
    FrameBuffer,
    Kind,
    decode_notification,
    encode_request,
)

NOW = int(dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC).timestamp() * 1000)
SECONDS = 30


def request(*payloads: bytes, device_id: str = "d1", token: int | None = None) -> CommitRequest:
    return CommitRequest(token, "hall", NOW, [(device_id, payload) for payload in payloads])


class BlockingClient:
    """A processor with one connection and no event loop.

    Attributes:
        newest: offset that was notified last.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection((host, port), timeout=SECONDS)
        self._frames = FrameBuffer(Kind.ANSWER, Kind.NOTIFICATION)
        self.newest = 0
        self._received: list[Frame] = []
        self._parts = AnswerParts()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *requests: CommitRequest, first: int = 1) -> None:
        data = (encode_request(number, each) for number, each in enumerate(requests, first))
        self.socket.sendall(b"".join(data))

    def frame(self) -> Frame | None:
        """Return the next frame; None at the end of the connection."""
        while not self._received:
            data = self.socket.recv(65536)
            if not data:
                return None
            self._received += self._frames.feed(data)
        return self._received.pop(0)

    def answer(self) -> tuple[int, CommitAnswer]:
        while True:
            frame = self.frame()
            assert frame is not None
            if frame.kind is Kind.NOTIFICATION:
                self.newest = decode_notification(frame.body)
                continue
            found = self._parts.add(frame.body)
            if found is not None:
                return frame.number, found

    def notified(self) -> int:
        frame = self.frame()
        assert frame is not None
        assert frame.kind is Kind.NOTIFICATION
        self.newest = decode_notification(frame.body)
        return self.newest

    def ask(self, each: CommitRequest) -> CommitAnswer:
        self.send(each)
        return self.answer()[1]

    def is_ended(self) -> bool:
        """Wait for the end of the connection; return whether it came without another frame."""
        try:
            return self.frame() is None
        except ConnectionError:
            return True


def seqs(lines: Iterable[bytes]) -> list[int]:
    return [int(line.split(b'"seq":')[1].split(b",")[0]) for line in lines]
