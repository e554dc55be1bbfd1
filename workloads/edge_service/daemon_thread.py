"""Runs what blocks without keeping the process alive: an end does not wait for a resolver that does not answer."""

import asyncio
import contextlib
from collections.abc import Callable
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")


def start(call: Callable[[], Result], name: str) -> asyncio.Future[Result]:
    """Have `call` run in a thread of its own; the future has its result or its error.

    The default executor of asyncio would be waited for at the end of the process, and shared with others until then.

    Args:
        call: may block for as long as it likes; it goes on where the future is cancelled.
        name: of the thread.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Result] = loop.create_future()

    def run() -> None:
        try:
            result = call()
        except Exception as error:  # noqa: BLE001 - whoever awaits the future gets it
            tell(_fail, error)
        else:
            tell(_settle, result)

    def tell(settle: Callable[..., None], outcome: object) -> None:
        # Where the loop has been closed, nobody waits any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, done, outcome)

    Thread(target=run, name=name, daemon=True).start()
    return done


def _settle(done: asyncio.Future[Result], result: Result) -> None:
    if not done.done():
        done.set_result(result)


def _fail(done: asyncio.Future[Result], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
