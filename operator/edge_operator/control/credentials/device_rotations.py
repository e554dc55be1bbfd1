"""The password of each device and the one that its broker accepts, from the device's Secret and the time."""

import datetime as dt
from collections.abc import Callable

from edge_operator.control.cache.child_cache import ChildCache
from edge_operator.control.cache.resource import CachedDevice
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.desired.kinds import SECRET

from .rotation import Rotation


class DeviceRotations:
    """Computes the rotations of devices.

    Args:
        children: cache of the Secrets.
        wall_clock: current time.
    """

    def __init__(self, children: ChildCache, wall_clock: Callable[[], dt.datetime]) -> None:
        self._children = children
        self._wall_clock = wall_clock

    def desired(self, device: CachedDevice) -> Rotation:
        """Return the rotation that the device's Secret must contain."""
        return self._of(device).followed_by(device.rotation, device.switch_after, self._wall_clock())

    def in_effect(self, device: CachedDevice) -> int:
        """Return the number of the password that the broker must accept now."""
        return self._of(device).in_effect(device.switch_after, self._wall_clock())

    def remaining(self, device: CachedDevice) -> float:
        """Return the seconds until the broker must accept the password in the desired Secret."""
        return self.desired(device).remaining(device.switch_after, self._wall_clock())

    def _of(self, device: CachedDevice) -> Rotation:
        seen = self._children.get(ObjectKey(SECRET, device.key[0], device.secret_name))
        known = Rotation.read(seen.annotations) if seen is not None else None
        return known or Rotation(device.rotation)
