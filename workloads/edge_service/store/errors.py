"""The error that only the store's client raises; the others are in `edge_wire.store`."""

from collections.abc import Mapping
from typing import Any

from edge_wire.store import StoreError


class StoreRefusedError(StoreError):
    """The store answered that the request is wrong; sending it again will not help.

    Attributes:
        status: the HTTP status.
        problem: the members of the answer, such as `reason` and `detail`.
    """

    def __init__(self, status: int, message: str, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.problem = problem or {}
