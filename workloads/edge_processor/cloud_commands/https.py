"""Commands by HTTPS: a long poll of the endpoint. Loads aiohttp: import it only if it is configured."""

import asyncio
import logging
from collections.abc import Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import orjson

from edge_pacing.backoff import Backoff
from edge_processor.cloud_commands.audit import MALFORMED, log_refused
from edge_processor.cloud_commands.command import CloudCommand, CommandResult
from edge_processor.delivery.destination import DeliveryError
from edge_processor.metrics import ProcessorMetrics
from edge_processor.sinks.http.answers import Answer, delivery_error, is_taken
from edge_processor.sinks.http.pauses import Pauses
from edge_processor.sinks.http.session import HttpSession
from edge_wire.messages import MalformedError

WAIT_SECONDS = 30
"""Seconds that the endpoint is asked to wait for a command."""

ANSWER_SECONDS = 2.0 * WAIT_SECONDS
RESULT_SECONDS = 30.0

REPEAT_SECONDS = (0.5, 10.0)
"""First and longest pause in seconds between two requests if an endpoint answers at once with nothing new."""

_PASSING = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""Statuses from 400 to 499 that another attempt may not have."""

logger = logging.getLogger(__name__)


class HttpsSource:
    """A `CommandSource`.

    Args:
        session: requests to the endpoint.
        site: namespace and name of the site.
        sync_interval: maximum seconds between two attempts.
        metrics: of the processor.
    """

    def __init__(self, session: HttpSession, site: str, sync_interval: float, metrics: ProcessorMetrics) -> None:
        self._session = session
        self._headers = {"Edge-Site": site}
        self._sync_interval = sync_interval
        self._metrics = metrics
        self._pauses = Pauses(sync_interval)
        self._repeats = Backoff(*REPEAT_SECONDS)
        self._last: frozenset[tuple[str, str]] = frozenset()
        self._next_poll = 0.0
        self._error = ""

    async def __aenter__(self) -> Self:
        """Connections are opened as requests need them."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._session.close()

    async def receive(self) -> Sequence[CloudCommand]:
        """Ask for commands until there are some."""
        loop = asyncio.get_running_loop()
        while True:
            await self._session.rest(self._next_poll - loop.time())
            begun = loop.time()
            try:
                found = await self._poll()
            except DeliveryError as error:
                self._note(str(error))
                self._next_poll = self._pauses.until(error, begun, loop.time())
                continue
            self._note("")
            self._pauses.reset()
            self._pace(frozenset(command.key for command in found), begun)
            if found:
                return found

    async def answer(self, command: CloudCommand, result: CommandResult) -> None:
        """Post a result until the endpoint takes or rejects it."""
        path = f"commands/{command.device_id}/{command.command_id}/result"
        content = orjson.dumps(result.to_object())
        headers = self._headers | {"Content-Type": "application/json"}
        pauses = Pauses(self._sync_interval)
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            try:
                answer = await self._session.request("POST", path, content, headers, RESULT_SECONDS)
                if is_taken(answer.status) or _is_final(answer.status):
                    break
                raise self._error_of(answer)
            except DeliveryError as error:
                logger.warning("the result of the command %s waits: %s", command.command_id, error)
                await self._session.rest(pauses.until(error, begun, loop.time()) - loop.time())
        if not is_taken(answer.status):
            # If the endpoint does not have the result, it sends the command again.
            logger.warning("the cloud rejects the result of the command %s: %d", command.command_id, answer.status)

    async def _poll(self) -> list[CloudCommand]:
        path = f"commands?wait={WAIT_SECONDS}s"
        answer = await self._session.request("GET", path, b"", self._headers, ANSWER_SECONDS)
        if answer.status == HTTPStatus.NO_CONTENT:
            return []
        if answer.status != HTTPStatus.OK:
            raise self._error_of(answer)
        return self._commands(answer.body)

    def _commands(self, content: bytes) -> list[CloudCommand]:
        found = []
        for document in _documents(content):
            try:
                found.append(CloudCommand.from_document(document))
            except MalformedError as error:
                self._metrics.cloud_commands.labels("malformed").inc()
                log_refused(document, MALFORMED, error.message)
        return found

    def _pace(self, keys: frozenset[tuple[str, str]], begun: float) -> None:
        """Set when the next request is due: at once, unless the endpoint repeats itself."""
        if keys - self._last:
            self._repeats.reset()
            self._next_poll = 0.0
        else:
            self._next_poll = begun + self._repeats.next()
        self._last = keys

    def _error_of(self, answer: Answer) -> DeliveryError:
        return delivery_error(self._session.endpoint.origin, answer)

    def _note(self, error: str) -> None:
        if error and error != self._error:
            logger.warning("cannot get the commands of the cloud: %s", error)
        if self._error and not error:
            logger.info("the cloud can send commands again")
        self._error = error


def _is_final(status: int) -> bool:
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _PASSING


def _documents(content: bytes) -> list[Any]:
    """Return the elements of `commands`.

    Raises:
        DeliveryError: the content is not such an answer.
    """
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise DeliveryError(f"the commands of the cloud are not JSON: {error}") from None
    found = document.get("commands") if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise DeliveryError('the commands of the cloud must be JSON such as {"commands": [...]}')
    return found
