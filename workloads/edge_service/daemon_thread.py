"""Runs a blocking call in a daemon thread: a shutdown does not wait for it, such as for a slow resolver."""

import asyncio
import contextlib
from collections.abc import Callable
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")


def start(call: Callable[[], Result], name: str) -> asyncio.Future[Result]:
    """Run `call` in a new thread; the future gets its result or its error.

    The process would wait for asyncio's default executor at its end, and until then other calls share that executor.

    Args:
        call: may block; it continues if the future is cancelled.
        name: of the thread.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Result] = loop.create_future()

    def run() -> None:
        try:
            result = call()
        except Exception as error:  # noqa: BLE001 - the awaiting task gets it
            deliver(_fail, error)
        else:
            deliver(_settle, result)

    def deliver(settle: Callable[..., None], outcome: object) -> None:
        # RuntimeError: the loop has been closed, so nothing waits for the result.
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
