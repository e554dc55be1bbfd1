"""Finds the device of a route, and explains why it is missing."""

from http import HTTPStatus

from edge_gateway.devices.device import Device
from edge_gateway.devices.table import DeviceTable
from edge_gateway.problem import unavailable, unknown_device
from edge_service.problem import ProblemError, refuse


class DeviceFinder:
    """Finds devices.

    Args:
        table: of the devices.
    """

    def __init__(self, table: DeviceTable) -> None:
        self._table = table

    def check_complete(self) -> None:
        """Check that the table has ever been complete.

        Raises:
            ProblemError: the broker has not sent all devices yet (503).
        """
        if not self._table.has_been_complete:
            raise _not_known_yet()

    def _check_current(self) -> None:
        """Check that what is missing in the table is missing at the broker.

        Raises:
            ProblemError: there is no connection, or the broker has not sent all devices on it yet (503).
        """
        if not self._table.is_current:
            raise _not_known_yet()

    def find(self, device_id: str) -> Device:
        """Return a device.

        Raises:
            ProblemError: the device is unknown (404), or may be one that the broker has not sent yet (503).
        """
        device = self._table.get(device_id)
        if device is None:
            self._check_current()
            raise unknown_device(device_id)
        return device

    def check_cloud_commands(self, device_id: str) -> None:
        """Check that the cloud may send commands to a device.

        Raises:
            ProblemError: it may not (403), or as `find`.
        """
        if self.find(device_id).accepts_cloud_commands:
            return
        # Its status may have arrived before its roster entry.
        self._check_current()
        detail = (
            f"the cloud may not send commands to device {device_id}: set spec.cloudCommands of its EdgeDevice to true"
        )
        raise refuse(HTTPStatus.FORBIDDEN, "CloudCommandsDisabled", detail, field="spec.cloudCommands")


def _not_known_yet() -> ProblemError:
    detail = "the gateway has not received the site's devices from the broker yet: try again"
    return unavailable("DevicesNotKnownYet", detail)
