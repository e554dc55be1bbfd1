"""Requests that wait for the writer, and their outcomes."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol


class CommitObserver(Protocol):
    """Observes transactions."""

    def committed(self, requests: int, seconds: float) -> None:
        """Record a commit of a number of `requests` that took `seconds`."""

    def failed(self) -> None:
        """Record a transaction that could not be committed."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work that a request waits for."""

    work: Callable[[sqlite3.Connection], Any]
    future: Future[Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a job, or its error."""

    job: Job
    result: Any = None
    error: Exception | None = None

    def deliver(self) -> None:
        """Let the request continue."""
        if self.error is not None:
            self.job.future.set_exception(self.error)
        else:
            self.job.future.set_result(self.result)
