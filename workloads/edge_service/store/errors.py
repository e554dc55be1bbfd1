"""How a request to the store can fail."""


class StoreError(Exception):
    """The store did not do what was asked; the message says why."""


class StoreUnavailableError(StoreError):
    """The store cannot be reached or cannot answer now: try again. What was sent may have been committed."""


class FencedError(StoreError):
    """Another holder has taken the lease since; whoever gets this must stop at once."""


class LeaseHeldError(StoreError):
    """Somebody else holds the lease.

    Attributes:
        holder: who.
        expires_in: seconds until it is free if it is not renewed.
    """

    def __init__(self, holder: str, expires_in: float) -> None:
        super().__init__(f"{holder} holds the lease for another {expires_in:.1f} s")
        self.holder = holder
        self.expires_in = expires_in


class StoreRefusedError(StoreError):
    """The store answered that the request is wrong; to send it again will not help.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
