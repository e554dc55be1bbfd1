"""`edge-device`: one simulated device or a fleet of them."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import NoReturn

from edge_device.device import Device
from edge_device.events import Events
from edge_device.identity import identities
from edge_device.settings import DeviceSettings, settings_from
from edge_service.program import run, until

NAME = "edge-device"


async def serve(settings: DeviceSettings, stop: asyncio.Event) -> None:
    """Run the devices until `stop` is set or the duration is over.

    Raises:
        StartError: there are not enough credentials.
    """
    events = Events(settings.output)
    devices = [Device(identity, settings, events) for identity in identities(settings)]
    if settings.duration is not None:
        asyncio.get_running_loop().call_later(settings.duration, stop.set)
    try:
        await until(stop, *(device.run() for device in devices))
    finally:
        events.print_summary()


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program."""
    settings = settings_from(arguments)
    run(NAME, lambda stop: serve(settings, stop), settings.log_level)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):  # the reader of the lines has closed the pipe
        main()
