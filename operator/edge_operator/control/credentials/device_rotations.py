"""The password of each device and the one that its broker accepts, from the device's Secret and the time."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from edge_operator.control.cache.child_cache import ChildCache
from edge_operator.control.cache.resource import CachedDevice
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.desired.kinds import SECRET

from .rotation import Rotation


@dataclass(frozen=True, slots=True)
class PasswordWindow:
    """The passwords of a device at one moment.

    Attributes:
        rotation: the rotation that the device's Secret must contain.
        in_effect: number of the password that the broker accepts.
        remaining_seconds: seconds until it accepts the next one; 0 if no rotation is under way.
        switch_time: when that is, RFC 3339; empty if no rotation is under way.
    """

    rotation: Rotation
    in_effect: int
    remaining_seconds: float
    switch_time: str

    @property
    def next_rotation(self) -> int | None:
        """Number of the password that the broker accepts next; None if no rotation is under way."""
        return self.rotation.present if self.switch_time else None


class DeviceRotations:
    """Computes the rotations of devices.

    Args:
        children: cache of the Secrets.
        wall_clock: current time.
    """

    def __init__(self, children: ChildCache, wall_clock: Callable[[], dt.datetime]) -> None:
        self._children = children
        self._wall_clock = wall_clock

    def window(self, device: CachedDevice) -> PasswordWindow:
        """Return the passwords of a device now, all by the same time."""
        now = self._wall_clock()
        rotation = self._of(device).followed_by(device.rotation, device.switch_after, now)
        remaining = rotation.remaining(device.switch_after, now)
        in_effect = rotation.in_effect(device.switch_after, now)
        return PasswordWindow(
            rotation, in_effect, remaining, rotation.switch_time(device.switch_after) if remaining > 0 else ""
        )

    def in_effect(self, device: CachedDevice) -> int:
        """Return the number of the password that the broker must accept now."""
        return self._of(device).in_effect(device.switch_after, self._wall_clock())

    def _of(self, device: CachedDevice) -> Rotation:
        seen = self._children.get(ObjectKey(SECRET, device.key[0], device.secret_name))
        known = Rotation.read(seen.annotations) if seen is not None else None
        return known or Rotation(device.rotation)
