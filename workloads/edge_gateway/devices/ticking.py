"""Lets time go by for the devices' lives, and notices when this process did not listen."""

import asyncio

from edge_gateway.devices.lives import Lives
from edge_gateway.devices.table import DeviceTable

TICK_SECONDS = 0.25

LATE_SECONDS = 0.5
"""A tick that is later by so much lets go first what came meanwhile."""

DEAF_SECONDS = 1.0
"""A process that was later by so much did not listen: silence in that time means nothing."""


async def tick(lives: Lives, table: DeviceTable) -> None:
    """Tick until cancelled."""
    was_late = False
    while True:
        due = lives.steady() + TICK_SECONDS
        await asyncio.sleep(TICK_SECONDS)
        late = lives.steady() - due
        if late > DEAF_SECONDS:
            lives.was_deaf()
        was_late = late > LATE_SECONDS and not was_late
        if not was_late:
            lives.tick()
            table.sweep()
