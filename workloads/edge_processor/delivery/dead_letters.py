"""What a destination rejects is kept in the store as a dead letter before it counts as delivered."""

import asyncio
import datetime as dt
import logging
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from edge_pacing.backoff import Backoff
from edge_processor.delivery.destination import Outcome, Sender
from edge_processor.delivery.errors import RETRY
from edge_processor.delivery.ledger import Entry
from edge_service.store import StoreClient
from edge_wire.messages import parse_timestamp
from edge_wire.store.line import device_id_of
from edge_wire.store.sink_dead_letters import SinkDeadLetter

REASON = "rejected"
"""The reason of all dead letters of sinks; the message is that of the destination."""

MAX_MESSAGE_CHARACTERS = 512
MAX_REQUEST_LETTERS = 100
"""Maximum number of dead letters in a request."""

MAX_REQUEST_BYTES = 512 * 1024
"""Maximum size of the payloads in a request; base64 adds a third, and the store takes 1 MiB."""

LONGEST_WAIT_SECONDS = 5.0

_TIME_BYTES = slice(-26, -2)

logger = logging.getLogger(__name__)


def letter_of(entry: Entry, message: str) -> SinkDeadLetter:
    """Return the dead letter of a stored reading, with the `message` of the destination."""
    offset, line = entry
    # A line of the store has a valid time: the other one is for readings of a damaged store.
    received_at = parse_timestamp(line[_TIME_BYTES].decode()) or dt.datetime.now(dt.UTC)
    device_id = device_id_of(line).decode()
    return SinkDeadLetter(offset, device_id, received_at, REASON, message[:MAX_MESSAGE_CHARACTERS], line)


def letter_of_alert(alert: Mapping[str, Any], message: str) -> SinkDeadLetter:
    """Return the dead letter of an alert, with the `message` of the destination."""
    at = parse_timestamp(alert.get("timestamp")) or dt.datetime.now(dt.UTC)
    return SinkDeadLetter(None, alert["device_id"], at, REASON, message[:MAX_MESSAGE_CHARACTERS], orjson.dumps(alert))


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """The dead letters of one sink.

    Attributes:
        sink: its name.
        store: keeps them.
        token: of the ingester's lease.
    """

    sink: str
    store: StoreClient
    token: int

    async def add(self, letters: Sequence[SinkDeadLetter]) -> None:
        """Keep dead letters, however long the store is unavailable.

        Raises:
            FencedError: another replica is the ingester.
        """
        for part in _parts(letters):
            backoff = Backoff(first=0.1, longest=LONGEST_WAIT_SECONDS)
            while True:
                try:
                    await self.store.add_sink_dead_letters(self.sink, part, token=self.token)
                except RETRY as error:
                    logger.warning("readings that %s rejects wait for the store: %s", self.sink, error)
                    await asyncio.sleep(backoff.next())
                else:
                    break
            logger.warning("%s rejects %d messages, now dead letters: %s", self.sink, len(part), part[0].message)


class Rejections:
    """Keeps the readings that a destination rejects, before their batches count as delivered.

    Args:
        dead_letters: of the sink.
    """

    def __init__(self, dead_letters: DeadLetters) -> None:
        self._dead_letters = dead_letters
        self._waiting: deque[tuple[Sequence[Entry], Outcome, asyncio.Future[Outcome]]] = deque()
        self._some = asyncio.Event()

    def sender(self, sender: Sender) -> Sender:
        """Return a sender that confirms a batch when the rejected readings in it are kept."""
        return _Keeping(sender, self)

    def settle(self, entries: Sequence[Entry], kept: asyncio.Future[Outcome], landed: asyncio.Future[Outcome]) -> None:
        """Set the outcome of a batch: at once, or when the rejected readings are kept.

        Args:
            entries: the batch.
            kept: gets the outcome.
            landed: has the outcome.
        """
        if kept.done():
            return
        if landed.cancelled():
            kept.cancel()
        elif (error := landed.exception()) is not None:
            kept.set_exception(error)
        elif not (outcome := landed.result()).refused:
            kept.set_result(outcome)
        else:
            self._waiting.append((entries, outcome, kept))
            self._some.set()

    async def run(self) -> None:
        """Keep rejected readings until cancelled.

        Raises:
            FencedError: another replica is the ingester.
        """
        while True:
            await self._some.wait()
            while self._waiting:
                entries, outcome, kept = self._waiting[0]
                await self._dead_letters.add([letter_of(entries[at], why) for at, why in outcome.refused])
                self._waiting.popleft()
                if not kept.done():
                    kept.set_result(outcome)
            self._some.clear()


class _Keeping:
    def __init__(self, sender: Sender, rejections: Rejections) -> None:
        self._sender = sender
        self._rejections = rejections

    def send(self, entries: Sequence[Entry]) -> asyncio.Future[Outcome]:
        """Deliver readings; the future is done when each is confirmed, or kept as a dead letter."""
        kept: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._sender.send(entries).add_done_callback(partial(self._rejections.settle, entries, kept))
        return kept


def _parts(letters: Sequence[SinkDeadLetter]) -> Iterable[Sequence[SinkDeadLetter]]:
    part: list[SinkDeadLetter] = []
    size = 0
    for each in letters:
        length = len(each.payload)
        if part and (len(part) >= MAX_REQUEST_LETTERS or size + length > MAX_REQUEST_BYTES):
            yield part
            part, size = [], 0
        part.append(each)
        size += length
    if part:
        yield part
