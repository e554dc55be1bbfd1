"""Divides the rate of a destination between the two lanes of a sink."""

import asyncio

from edge_processor.delivery.lanes.lane import Lane

YIELD_SECONDS = 3.0
"""Seconds without a live reading that is sent, after which the backlog waits no more: live readings are not taken."""


class Share:
    """Divides the rate of a destination: live readings come first, and the backlog gets half while they fill it.

    While a batch of live readings waits for room, a batch of the backlog is sent only if the backlog has sent no more
    readings than the live lane since then. It does not wait for live readings that the destination does not take.
    """

    def __init__(self, live: Lane, backlog: Lane) -> None:
        self._live = live
        self._backlog = backlog
        self._ahead_readings = 0
        self._live_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        live.on_sent = self._sent_live
        backlog.on_sent = self._sent_backlog
        backlog.may_send = self._may_send

    def _may_send(self) -> bool:
        if not self._live.is_saturated:
            self._ahead_readings = 0
        if self._ahead_readings <= 0:
            return True
        loop = asyncio.get_running_loop()
        until = self._live_at + YIELD_SECONDS
        if loop.time() >= until:
            return True
        if self._timer is None:
            self._timer = loop.call_at(until, self._look)
        return False

    def _look(self) -> None:
        self._timer = None
        self._backlog.send()

    def _sent_live(self, readings: int) -> None:
        if readings:
            self._live_at = asyncio.get_running_loop().time()
        self._ahead_readings = max(0, self._ahead_readings - readings)
        if self._backlog.waiting_readings:
            self._backlog.send()

    def _sent_backlog(self, readings: int) -> None:
        self._ahead_readings += readings
