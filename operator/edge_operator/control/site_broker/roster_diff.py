"""Computes which entries of one site's roster must be published. Pure."""

import hashlib
from collections.abc import Callable, Iterable

_DIGEST_BYTES = 16
_NOTHING = b""
"""Digest of a missing entry."""


class RosterDiff:
    """Compares the roster that a broker has retained with the desired one, for one connection.

    The retained entries arrive one by one after the connection. Until they are complete nothing is published,
    because the broker may have it already.

    Args:
        wanted: returns the desired payload for a device; empty if none.
        may_clear: returns whether an entry that is not desired, of a device without EdgeDevice, may be cleared.

    Attributes:
        is_complete: whether all retained entries have arrived.
    """

    def __init__(self, wanted: Callable[[str], bytes], may_clear: Callable[[str, bytes], bool]) -> None:
        self.is_complete = False
        self._wanted = wanted
        self._may_clear = may_clear
        self._held: dict[str, bytes] = {}
        # A dictionary as an ordered set: the device that changed first is published first.
        self._due: dict[str, None] = {}

    def __len__(self) -> int:
        """Return the number of devices to compare."""
        return len(self._due)

    def held(self) -> tuple[str, ...]:
        """Return the devices with an entry of ours on the broker."""
        return tuple(self._held)

    def on_retained(self, device_id: str, payload: bytes) -> None:
        """Record an entry that the broker has retained."""
        wanted = self._wanted(device_id)
        if not wanted and payload and not self._may_clear(device_id, payload):
            return
        self._hold(device_id, _digest(payload))
        if payload == wanted:
            self._due.pop(device_id, None)
        else:
            self._due[device_id] = None

    def complete(self, device_ids: Iterable[str]) -> None:
        """Mark the retained entries as complete.

        Args:
            device_ids: identifiers of all devices.
        """
        self.is_complete = True
        self._due.update(dict.fromkeys(each for each in device_ids if each not in self._held))

    def mark_changed(self, device_id: str) -> None:
        """Compare a device again, because its desired entry may have changed."""
        self._due[device_id] = None

    def next_changes(self, most: int) -> list[tuple[str, bytes]]:
        """Return device id and payload of the entries to publish now; they count as published.

        An empty payload clears the entry.

        Args:
            most: maximum number of devices to compare.
        """
        found: list[tuple[str, bytes]] = []
        for _ in range(min(most, len(self._due)) if self.is_complete else 0):
            device_id = next(iter(self._due))
            del self._due[device_id]
            payload = self._wanted(device_id)
            digest = _digest(payload)
            if digest != self._held.get(device_id, _NOTHING):
                self._hold(device_id, digest)
                found.append((device_id, payload))
        return found

    def _hold(self, device_id: str, digest: bytes) -> None:
        if digest == _NOTHING:
            self._held.pop(device_id, None)
        else:
            self._held[device_id] = digest


def _digest(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=_DIGEST_BYTES).digest() if payload else _NOTHING
