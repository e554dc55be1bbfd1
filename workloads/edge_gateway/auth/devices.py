"""Checks device passwords: by the broker's recent answer, else by asking the broker."""

import asyncio
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from edge_gateway.auth.header import Basic
from edge_gateway.auth.throttle import Throttle

CACHE_SECONDS = 4.0
"""Seconds for which a right password is not checked again: a revoked device must be rejected within 5 s (G8)."""

TRUSTED_SECONDS = 3600.0
"""Seconds for which a password that was right may be tried, whatever other failures the same name has."""

MAX_PASSWORDS = 10_000
MAX_CONCURRENT_LOGINS = 8
"""Maximum number of concurrent logins at the broker, which checks passwords on its only thread."""


class Login(Protocol):
    """Checks a password."""

    async def right(self, username: str, password: str) -> bool:
        """Return whether the password is right."""


class TooManyTriesError(Exception):
    """Too many wrong passwords came from the same source.

    Attributes:
        wait_seconds: seconds until the next attempt is checked.
    """

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(f"too many wrong passwords: try again in {wait_seconds:.0f} s")
        self.wait_seconds = wait_seconds


@dataclass(slots=True)
class _Known:
    digest: bytes
    when: float


class DevicePasswords:
    """Checks passwords of devices, with a cache and limits for wrong ones.

    Args:
        login: asks the broker.
        clock: seconds of a monotonic clock.
        per_device: limit of wrong passwords of a source for one device.
        per_source: limit of a source for all devices; large, as a Service can make many devices look like one source.
    """

    def __init__(self, login: Login, clock: Callable[[], float], per_device: Throttle, per_source: Throttle) -> None:
        self._login = login
        self._clock = clock
        self._per_device = per_device
        self._per_source = per_source
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[str, _Known] = OrderedDict()
        self._turn = asyncio.Semaphore(MAX_CONCURRENT_LOGINS)

    async def right(self, shown: Basic, source: str) -> bool:
        """Return whether the password is the device's.

        Args:
            shown: the credentials of the request.
            source: the address of the sender.

        Raises:
            TooManyTriesError: the source has sent too many wrong passwords.
            BrokerUnavailableError: the broker cannot check it now.
        """
        digest = self._digest(shown)
        if self._is_known(shown.username, digest, CACHE_SECONDS):
            return True
        async with self._turn:
            # Another request may have checked the same password by now.
            if self._is_known(shown.username, digest, CACHE_SECONDS):
                return True
            return await self._ask(shown, digest, source)

    async def _ask(self, shown: Basic, digest: bytes, source: str) -> bool:
        proven = self._is_known(shown.username, digest, TRUSTED_SECONDS)
        if not proven:
            self._check_tries(shown.username, source)
        if await self._login.right(shown.username, shown.password):
            self._right[shown.username] = _Known(digest, self._clock())
            self._right.move_to_end(shown.username)
            if len(self._right) > MAX_PASSWORDS:
                self._right.popitem(last=False)
            return True
        if proven:
            self._right.pop(shown.username, None)
        now = self._clock()
        self._per_device.failed(f"{source} {shown.username}", now)
        self._per_source.failed(source, now)
        return False

    def _check_tries(self, username: str, source: str) -> None:
        now = self._clock()
        wait = max(
            self._per_device.wait_seconds(f"{source} {username}", now), self._per_source.wait_seconds(source, now)
        )
        if wait > 0:
            raise TooManyTriesError(wait)

    def _is_known(self, username: str, digest: bytes, seconds: float) -> bool:
        known = self._right.get(username)
        if known is None or self._clock() - known.when > seconds:
            return False
        return hmac.compare_digest(known.digest, digest)

    def _digest(self, shown: Basic) -> bytes:
        # With a key of this process: the digests are of no use to guess passwords elsewhere.
        return hmac.digest(self._key, f"{shown.username}\0{shown.password}".encode(), "sha256")
