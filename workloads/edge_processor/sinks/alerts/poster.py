"""Posts alerts to an HTTP destination, in halves if it rejects some, and keeps the state of the connection."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TypeVar

from edge_processor.delivery.destination import AlertsRefusedError, DeliveryError
from edge_processor.sinks.http.answers import REJECTING, Answer, delivery_error, is_taken, said
from edge_processor.sinks.http.errors import UnreachableError
from edge_processor.sinks.http.session import HttpSession

MAX_ALERTS = 500
"""Maximum number of alerts in a request."""

UNAUTHORIZED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
HEADERS = {"Content-Type": "application/json"}

Posted = TypeVar("Posted")
"""An alert in the form that the destination encodes."""

Encode = Callable[[Sequence[Posted]], tuple[bytes, Mapping[str, str]]]
"""Returns the body of a request with these alerts, and its headers."""


class Poster:
    """Sends requests to one destination.

    Args:
        session: of the destination.

    Attributes:
        connected: set while the last attempt to reach the destination succeeded.
        last_error: why the last attempt failed; empty if it succeeded, or if there was none yet.
    """

    def __init__(self, session: HttpSession) -> None:
        self._session = session
        self.connected = asyncio.Event()
        self.last_error = ""
        self._is_unreachable = True

    async def post_in_halves(self, alerts: Sequence[Posted], path: str, encode: Encode[Posted]) -> None:
        """Post alerts in their order; if the destination rejects a request, its halves, until one alert is left.

        Raises:
            AlertsRefusedError: the destination rejects some of them.
            DeliveryError: it cannot be reached, or did not confirm.
        """
        refused: list[tuple[int, str]] = []
        waiting = [(start, min(start + MAX_ALERTS, len(alerts))) for start in range(0, len(alerts), MAX_ALERTS)]
        while waiting:
            first, end = waiting.pop(0)
            content, headers = encode(alerts[first:end])
            answer = await self.request("POST", path, content, headers)
            if answer.status not in REJECTING:
                continue
            if end - first == 1:
                refused.append((first, said(answer)))
            else:
                middle = (first + end) // 2
                waiting[:0] = [(first, middle), (middle, end)]
        if refused:
            raise AlertsRefusedError(refused)

    async def request(
        self, method: str, path: str, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request; return its answer if that is 2xx or a rejection.

        Raises:
            DeliveryError: there is no answer, or another one.
        """
        try:
            answer = await self._session.request(method, path, content, headers)
            if not is_taken(answer.status) and answer.status not in REJECTING:
                raise delivery_error(self._session.endpoint.origin, answer)
        except DeliveryError as error:
            self.failed(error)
            raise
        if is_taken(answer.status):
            self.succeeded()
        return answer

    async def check_takes_any(self, path: str, content: bytes, headers: Mapping[str, str], what: str) -> None:
        """Send a request without alerts: a server that rejects it as well rejects everything.

        Args:
            path: of the request.
            content: its body.
            headers: of it.
            what: the destination should be.

        Raises:
            DeliveryError: it is not answered with 2xx.
        """
        answer = await self.request("POST", path, content, headers)
        if not is_taken(answer.status):
            error = DeliveryError(
                f"{self._session.endpoint.origin} rejects every request, also without alerts ({said(answer)}): check"
                f" that its URL is {what}"
            )
            self.failed(error)
            raise error

    async def check(self, method: str) -> None:
        """Send a request that delivers nothing: any answer but 401 and 403 shows that the connection works."""
        try:
            answer = await self._session.request(method)
            if answer.status in UNAUTHORIZED:
                raise delivery_error(self._session.endpoint.origin, answer)
        except DeliveryError as error:
            self.failed(error)
        else:
            self.succeeded()

    @property
    def may_be_reachable(self) -> bool:
        """Whether a check can show more than the last attempt: that had no answer, or other credentials."""
        return self._is_unreachable or self._session.endpoint.files.has_changed()

    def succeeded(self) -> None:
        """Record that the destination has answered."""
        self.last_error = ""
        self._is_unreachable = False
        self.connected.set()

    def failed(self, error: DeliveryError) -> None:
        """Record that an attempt has failed."""
        self.last_error = str(error)
        self._is_unreachable = isinstance(error, UnreachableError)
        self.connected.clear()

    async def rest(self, seconds: float) -> None:
        """Wait for `seconds`, or until the credentials change."""
        await self._session.rest(seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()
