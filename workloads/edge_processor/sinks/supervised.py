"""Tasks that are started again if they fail, such as that of a destination."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from edge_pacing.backoff import Backoff
from edge_processor.delivery.destination import AlertDestination
from edge_wire.store import FencedError

FIRST_RESTART_SECONDS = 1.0
LONGEST_RESTART_SECONDS = 60.0

logger = logging.getLogger(__name__)


async def run_supervised(name: str, run: Callable[[], Awaitable[None]], note: Callable[[str], None]) -> None:
    """Await `run`, again after each unexpected error, with a pause that grows; return when it returns.

    Args:
        name: of what runs, in the log.
        run: does the work.
        note: called with the error of a run, and with an empty text before the next one.

    Raises:
        FencedError: another replica is the ingester.
    """
    backoff = Backoff(FIRST_RESTART_SECONDS, LONGEST_RESTART_SECONDS)
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            return await run()
        except FencedError:
            raise
        except Exception as error:
            logger.exception("%s failed and is started again", name)
            note(f"internal error: {error!r}")
        if loop.time() - began > LONGEST_RESTART_SECONDS:
            backoff.reset()
        await asyncio.sleep(backoff.next())
        note("")


class SupervisedDestination:
    """Runs a destination; an unexpected error ends neither the sink nor the ingester.

    Args:
        name: of the sink.
        destination: is run.
    """

    def __init__(self, name: str, destination: AlertDestination) -> None:
        self._name = name
        self._destination = destination
        self._problem = ""

    @property
    def is_connected(self) -> bool:
        """Whether the last attempt to reach the destination succeeded."""
        return self._destination.connected.is_set()

    @property
    def last_error(self) -> str:
        """Why the last attempt failed; empty if it succeeded."""
        return "" if self.is_connected else self._problem or self._destination.last_error

    async def run(self) -> None:
        """Run the destination until cancelled.

        Raises:
            FencedError: another replica is the ingester.
        """
        await run_supervised(f"the connection of the sink {self._name}", self._destination.run, self._note)

    def _note(self, problem: str) -> None:
        self._problem = problem
        if problem:
            self._destination.connected.clear()
