"""The store's notification that there are new readings, by MQTT or by HTTP."""

import struct

from edge_wire.store.frames.stream import FrameError, Kind, framed

_OFFSET = struct.Struct("<Q")


def encode_notification(offset: int) -> bytes:
    """Return the frame with the newest `offset`."""
    return framed(Kind.NOTIFICATION, 0, _OFFSET.pack(offset))


def decode_notification(body: bytes) -> int:
    """Return the newest offset.

    Raises:
        FrameError: it is not a notification.
    """
    if len(body) != _OFFSET.size:
        raise FrameError(f"a notification of {len(body)} bytes: it must have {_OFFSET.size}")
    return int(_OFFSET.unpack(body)[0])
