"""What is to be sent of one site's roster: only what differs from what its broker holds. Pure."""

import hashlib
from collections.abc import Callable, Iterable

_DIGEST_BYTES = 16
_NOTHING = b""
"""The digest of what is not there."""


class SiteRoster:
    """Compares what a broker holds of the roster with what it is to hold, for as long as a connection lasts.

    What a broker has retained comes in parts, after the connection; until all of it has come nothing is sent, as it
    may be there already.

    Args:
        wanted: returns the payload that the broker is to hold of a device; empty if none.
        may_clear: returns whether a payload that is not wanted, of a device that nobody knows, is ours to clear.

    Attributes:
        is_complete: whether all that was retained has come.
    """

    def __init__(self, wanted: Callable[[str], bytes], may_clear: Callable[[str, bytes], bool]) -> None:
        self.is_complete = False
        self._wanted = wanted
        self._may_clear = may_clear
        self._held: dict[str, bytes] = {}
        # In the order in which they came to differ; a dictionary is an ordered set.
        self._due: dict[str, None] = {}

    def __len__(self) -> int:
        """Return how many devices are to be looked at."""
        return len(self._due)

    def held(self) -> tuple[str, ...]:
        """Return the devices of which the broker holds what is ours."""
        return tuple(self._held)

    def told(self, device_id: str, payload: bytes) -> None:
        """Take what the broker has retained of a device."""
        wanted = self._wanted(device_id)
        if not wanted and payload and not self._may_clear(device_id, payload):
            return
        self._hold(device_id, _digest(payload))
        if payload == wanted:
            self._due.pop(device_id, None)
        else:
            self._due[device_id] = None

    def complete(self, device_ids: Iterable[str]) -> None:
        """Take that all that was retained has come.

        Args:
            device_ids: of all devices that there are.
        """
        self.is_complete = True
        self._due.update(dict.fromkeys(each for each in device_ids if each not in self._held))

    def changed(self, device_id: str) -> None:
        """Take that something else may be wanted of a device than before."""
        self._due[device_id] = None

    def look(self, most: int) -> list[tuple[str, bytes]]:
        """Return what to send now, an empty payload to clear; it counts as held.

        Args:
            most: so many devices are looked at.
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
