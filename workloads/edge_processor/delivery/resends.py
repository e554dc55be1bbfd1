"""Delivers dead letters again that a user has marked."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from edge_processor.delivery.dead_letters import DeadLetters
from edge_processor.delivery.destination import AlertDestination, AlertsRefusedError, DeliveryError, Sender
from edge_processor.delivery.errors import RETRY
from edge_processor.delivery.lanes.lane import MAX_BATCH_BYTES
from edge_service.waiting import set_within
from edge_wire.store import OutboxAlert
from edge_wire.store.sink_dead_letters import SinkResend

POLL_SECONDS = 5.0
"""Seconds between two requests for marked dead letters."""

MAX_LETTERS = 100
"""Maximum number of dead letters in a request."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Resends:
    """Delivers the marked dead letters of a sink, while its destination is connected.

    Attributes:
        dead_letters: of the sink.
        connected: set while the destination is connected.
        readings: delivers readings; None if the sink has none.
        alerts: receives alerts; None if the sink has none.
    """

    dead_letters: DeadLetters
    connected: asyncio.Event
    readings: Sender | None
    alerts: AlertDestination | None
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def wake(self) -> None:
        """Look for marked dead letters now."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled.

        Raises:
            FencedError: another replica is the ingester.
        """
        while True:
            await self.connected.wait()
            self._wake.clear()
            try:
                while await self._send_some():
                    pass
            except (*RETRY, DeliveryError) as error:
                logger.debug("dead letters of %s wait: %s", self.dead_letters.sink, error)
            await set_within(self._wake, POLL_SECONDS)

    async def _send_some(self) -> bool:
        """Deliver the oldest marked dead letters; return whether there may be more."""
        marked = await self.dead_letters.store.sink_resends(self.dead_letters.sink, MAX_LETTERS)
        readings = [each for each in marked if each.letter.offset is not None]
        if readings:
            await self._report(readings, await self._send_readings(readings))
        for each in marked:
            if each.letter.offset is None:
                # Each for itself: one that cannot be delivered stops those behind it, and repeats none before it.
                await self._report([each], await self._send_alert(each))
        return len(marked) == MAX_LETTERS

    async def _report(self, sent: Sequence[SinkResend], refused: Mapping[int, str]) -> None:
        letters = self.dead_letters
        delivered = [each.id for each in sent if each.id not in refused]
        await letters.store.sink_resends_done(letters.sink, delivered, list(refused.items()), token=letters.token)
        logger.info("%s took %d of %d dead letters that were sent again", letters.sink, len(delivered), len(sent))

    async def _send_readings(self, letters: Sequence[SinkResend]) -> dict[int, str]:
        """Deliver readings; return those that are rejected, by the id of their dead letters."""
        if self.readings is None:
            return {each.id: "the sink takes no readings now" for each in letters}
        refused: dict[int, str] = {}
        for part in _parts(sorted(letters, key=_offset)):
            # A cancelled task must not cancel what the sender delivers.
            outcome = await asyncio.shield(self.readings.send([(_offset(each), each.letter.payload) for each in part]))
            refused |= {part[at].id: why for at, why in outcome.refused}
        return refused

    async def _send_alert(self, resend: SinkResend) -> dict[int, str]:
        """Deliver an alert; return its dead letter if it is rejected.

        Raises:
            DeliveryError: the destination cannot be reached.
        """
        if self.alerts is None:
            return {resend.id: "the sink takes no alerts now"}
        try:
            await self.alerts.send_alerts([OutboxAlert(-resend.id, orjson.loads(resend.letter.payload))])
        except AlertsRefusedError as error:
            return {resend.id: str(error)}
        except ValueError as error:
            return {resend.id: f"the payload is not an alert: {error}"}
        return {}


def _offset(resend: SinkResend) -> int:
    return resend.letter.offset or 0


def _parts(letters: Sequence[SinkResend]) -> Iterator[Sequence[SinkResend]]:
    """Yield dead letters in batches of readings."""
    part: list[SinkResend] = []
    size = 0
    for each in letters:
        length = len(each.letter.payload)
        if part and size + length > MAX_BATCH_BYTES:
            yield part
            part, size = [], 0
        part.append(each)
        size += length
    if part:
        yield part
