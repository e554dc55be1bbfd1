"""Divides the rate of a destination between the two lanes of a sink."""

from edge_processor.delivery.lanes.lane import Lane


class Share:
    """Divides the rate of a destination: live readings come first, and the backlog gets half while they fill it.

    While a batch of live readings waits for room, a batch of the backlog is sent only if the backlog has sent no more
    readings than the live lane since then.
    """

    def __init__(self, live: Lane, backlog: Lane) -> None:
        self._live = live
        self._backlog = backlog
        self._ahead_readings = 0
        live.on_sent = self._sent_live
        backlog.on_sent = self._sent_backlog
        backlog.may_send = self._may_send

    def _may_send(self) -> bool:
        if not self._live.is_saturated:
            self._ahead_readings = 0
        return self._ahead_readings <= 0

    def _sent_live(self, readings: int) -> None:
        self._ahead_readings = max(0, self._ahead_readings - readings)
        if self._backlog.waiting_readings:
            self._backlog.send()

    def _sent_backlog(self, readings: int) -> None:
        self._ahead_readings += readings
