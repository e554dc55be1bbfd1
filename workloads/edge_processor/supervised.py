"""A task that is started again if it fails: an error in one sink ends neither the others nor the ingest."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from edge_pacing.backoff import Backoff
from edge_wire.store import FencedError

FIRST_RESTART_SECONDS = 1.0
LONGEST_RESTART_SECONDS = 60.0

logger = logging.getLogger(__name__)


async def supervised(
    what: str, run: Callable[[], Awaitable[None]], failed: Callable[[Exception], None] = lambda _: None
) -> None:
    """Run a task until it ends or is cancelled; an unexpected error is logged, and after a pause it is started again.

    Args:
        what: name of the task, for the log.
        run: the task.
        failed: called with each such error.

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
            logger.exception("%s failed and is started again", what)
            failed(error)
        if loop.time() - began > LONGEST_RESTART_SECONDS:
            backoff.reset()
        await asyncio.sleep(backoff.next())
