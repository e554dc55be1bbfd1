"""Finds the device that a route is about, and says what it means if it is not there."""

from edge_gateway.devices.device import Device
from edge_gateway.devices.table import DeviceTable
from edge_gateway.problem import unavailable, unknown_device


class DeviceFinder:
    """Finds devices.

    Args:
        table: of the devices.
    """

    def __init__(self, table: DeviceTable) -> None:
        self._table = table

    def check_complete(self) -> None:
        """Return if the table has ever been complete.

        Raises:
            ProblemError: the broker has not yet told of all devices: 503.
        """
        if not self._table.has_been_complete:
            raise unavailable(
                "DevicesNotKnownYet", "the gateway has not received the site's devices from the broker yet: try again"
            )

    def find(self, device_id: str) -> Device:
        """Return a device.

        Raises:
            ProblemError: nobody has told of it (404), or it is too early to say (503).
        """
        device = self._table.get(device_id)
        if device is None:
            self.check_complete()
            raise unknown_device(device_id)
        return device
