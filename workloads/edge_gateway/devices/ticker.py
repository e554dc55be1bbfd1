"""Advances the time for the devices' liveness, and detects stalls of this process."""

import asyncio

from edge_gateway.devices.liveness import DeviceLiveness
from edge_gateway.devices.table import DeviceTable
from edge_liveness import TICK_SECONDS, Lateness


async def tick(liveness: DeviceLiveness, table: DeviceTable) -> None:
    """Tick until cancelled."""
    lateness = Lateness()
    while True:
        due = liveness.steady() + TICK_SECONDS
        await asyncio.sleep(TICK_SECONDS)
        skip_tick = lateness.skip_tick(liveness.steady() - due)
        if lateness.missed_window:
            liveness.missed_window()
        if not skip_tick:
            liveness.tick()
            table.expire()
