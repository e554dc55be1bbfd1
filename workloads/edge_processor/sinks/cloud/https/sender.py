"""Delivers the batches of one lane of readings: one request at a time, while the next body is compressed."""

import asyncio
from collections.abc import Sequence

from edge_processor.delivery.destination import DeliveryError, LaneName, Outcome
from edge_processor.delivery.ledger import Entry
from edge_processor.sinks.cloud.https.lines.body import Body, compress, pieces
from edge_processor.sinks.cloud.https.lines.division import Division
from edge_processor.sinks.cloud.https.lines.verdict import Verdict
from edge_processor.sinks.cloud.https.post import Poster

MOST_LINES = 10_000
"""Maximum number of readings in a request; their size is the usual limit."""

_Waiting = tuple[Sequence[Entry], Body | None, "asyncio.Future[Outcome]"]


class LaneSender:
    """A `Sender` of `edge_processor.delivery.destination`.

    Args:
        lane: its name.
        poster: sends its requests.
    """

    def __init__(self, lane: LaneName, poster: Poster) -> None:
        self._lane = lane
        self._poster = poster
        self._division = Division(MOST_LINES)
        self._waiting: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._in_hand: _Waiting | None = None

    def send(self, entries: Sequence[Entry]) -> asyncio.Future[Outcome]:
        """Deliver one or more readings after those of the calls before; the future never has an exception."""
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        lines = [line for _, line in entries]
        # Compressed now: this takes place while an earlier request is on its way.
        body = compress(lines) if len(pieces(lines, MOST_LINES)) == 1 else None
        self._waiting.put_nowait((entries, body, done))
        return done

    async def run(self) -> None:
        """Deliver until cancelled; a batch that is in hand then is the first of the next call."""
        try:
            while True:
                self._in_hand = self._in_hand or await self._waiting.get()
                entries, body, done = self._in_hand
                outcome = await self._deliver(entries, body)
                self._in_hand = None
                if not done.done():
                    done.set_result(outcome)
        finally:
            await self._poster.close()

    async def _deliver(self, entries: Sequence[Entry], body: Body | None) -> Outcome:
        lines = [line for _, line in entries]

        async def post(part: slice) -> Verdict:
            is_whole = part == slice(0, len(lines))
            compressed = body if body is not None and is_whole else compress(lines[part])
            key = f"{entries[part.start][0]}-{entries[part.stop - 1][0]}"
            while True:
                try:
                    return await self._poster.post("readings", compressed, key, self._lane)
                except DeliveryError:
                    continue  # the link waits before the next attempt

        return Outcome(await self._division.deliver(lines, post))
