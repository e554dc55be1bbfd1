"""The error that only the store's client raises; the others are in `edge_wire.store`."""

from edge_wire.store import StoreError


class StoreRefusedError(StoreError):
    """The store answered that the request is wrong; sending it again will not help.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
