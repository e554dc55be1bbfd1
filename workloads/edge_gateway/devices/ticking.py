"""Lets time go by for the devices' lives, and notices when this process did not listen."""

import asyncio

from edge_gateway.devices.lives import Lives
from edge_gateway.devices.table import DeviceTable
from edge_liveness import TICK_SECONDS, Lateness


async def tick(lives: Lives, table: DeviceTable) -> None:
    """Tick until cancelled."""
    lateness = Lateness()
    while True:
        due = lives.steady() + TICK_SECONDS
        await asyncio.sleep(TICK_SECONDS)
        gives_way = lateness.gives_way(lives.steady() - due)
        if lateness.was_deaf:
            lives.was_deaf()
        if not gives_way:
            lives.tick()
            table.sweep()
