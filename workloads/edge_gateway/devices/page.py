"""A page of the device table."""

from dataclasses import dataclass

from edge_gateway.devices.device import Device


@dataclass(frozen=True, slots=True)
class DevicePage:
    """A page of the table.

    Attributes:
        devices: in the order of ids.
        last: the id after which the next page begins; None on the last page.
    """

    devices: tuple[Device, ...]
    last: str | None
