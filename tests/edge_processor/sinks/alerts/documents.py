"""Alerts as the store has them."""

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from edge_wire.messages.alert import Alert
from edge_wire.store import OutboxAlert, Page


def alert(device_id: str, state: str = "firing", number: int = 1, **members: Any) -> OutboxAlert:
    """Return an alert of a device a second ago; `number` is its place in the log."""
    at = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    made = Alert(
        alert_id=device_id,
        rule="temperature-high",
        device_id=device_id,
        sensor_type="temperature",
        value=93.5,
        threshold=80.0,
        timestamp=at,
        location="hall-1",
        severity="Critical",
        state="firing" if state == "firing" else "cleared",
    )
    return OutboxAlert(number, {**made.to_object(), **members})


class Firing:
    """The store's side: what fires, and how long it takes to answer.

    Attributes:
        fires: alerts by device.
        error: raised instead of an answer.
        gate: an answer waits until it is set; the alerts are those of before.
        asked: number of requests.
        history: newest first.
    """

    def __init__(self) -> None:
        self.fires: dict[str, OutboxAlert] = {}
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = 0
        self.history: list[Mapping[str, Any]] = []

    def commit(self, *alerts: OutboxAlert) -> Sequence[OutboxAlert]:
        """Store alerts; return them for the sink."""
        for each in alerts:
            self.history.insert(0, each.alert)
            if each.alert["state"] == "firing":
                self.fires[each.alert["device_id"]] = each
            else:
                self.fires.pop(each.alert["device_id"], None)
        return alerts

    async def alerts_firing(self) -> Sequence[Mapping[str, Any]]:
        self.asked += 1
        if self.error is not None:
            raise self.error
        found = [each.alert for each in self.fires.values()]
        await self.gate.wait()
        return found

    async def alerts(self, device_id: str | None = None, limit: int = 100) -> Page[Mapping[str, Any]]:
        return Page([each for each in self.history if each.get("device_id") == device_id][:limit], None)
