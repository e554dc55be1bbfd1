"""When a replica takes over the state of a device that the operator has published. Pure."""

from edge_gateway.devices.liveness import DeviceLiveness
from edge_gateway.devices.records import Record
from edge_wire.messages import RosterEntry


def follow(
    liveness: DeviceLiveness, device_id: str, record: Record, before: RosterEntry | None, *, retained: bool
) -> None:
    """Take over the state in a new roster entry if this replica has none of its own, or missed what the operator saw.

    It has missed that if the entry was changed while this replica had no connection.

    Args:
        liveness: of the devices.
        device_id: the device.
        record: of the device, with the new entry.
        before: the entry before; None if there was none.
        retained: whether the new entry is a retained message, which is sent at the start of a connection.
    """
    told = None if record.entry is None else record.entry.liveness
    if record.entry is None or told is None or (before is not None and before.liveness == told):
        return
    has_own = not record.follows and liveness.is_proven(device_id)
    if not has_own or (retained and liveness.is_news(device_id, told)):
        liveness.adopt(device_id, record.entry)
        record.follows = True
