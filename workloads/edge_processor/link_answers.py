"""The results and errors that the answers of the store mean, and who gets them."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from edge_service.store import StoreRefusedError
from edge_wire.store import FencedError, StoreUnavailableError
from edge_wire.store.frames import CommitAnswer, Status

Answered = Callable[[CommitAnswer | Exception], None]
"""Is called with the answer to a request or with the error; must not raise."""


def settle(answer: asyncio.Future[CommitAnswer], outcome: CommitAnswer | Exception) -> None:
    """Set the result or the error of a future, unless it is done."""
    result = checked(outcome)
    if answer.done():
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)


def report(answered: Answered, ended: asyncio.Future[CommitAnswer]) -> None:
    """Call `answered` with the result or the error of a future, unless it was cancelled."""
    if ended.cancelled():
        return
    error = ended.exception()
    if error is None:
        answered(ended.result())
    elif isinstance(error, Exception):
        answered(error)


def checked(outcome: CommitAnswer | Exception) -> CommitAnswer | Exception:
    """Return the error that an answer means; else the outcome itself."""
    if isinstance(outcome, Exception) or outcome.status is Status.STORED:
        return outcome
    match outcome.status:
        case Status.FENCED:
            return FencedError(outcome.reason)
        case Status.REFUSED:
            return StoreRefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, outcome.reason)
        case _:
            return StoreUnavailableError(outcome.reason)
