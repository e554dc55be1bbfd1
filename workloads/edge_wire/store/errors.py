"""How a request to the store can fail."""


class StoreError(Exception):
    """The store did not carry out a request; the message is the reason."""


class StoreUnavailableError(StoreError):
    """The store cannot be reached, or cannot commit now: try again. What was sent may have been committed."""


class FencedError(StoreError):
    """The token is not that of the current lease: another replica holds it, and the sender must stop immediately."""

    reason = "Fenced"
    """The reason in the store's answer."""


class LeaseHeldError(StoreError):
    """Another replica holds the lease.

    Attributes:
        holder: name of that replica.
        expires_in_seconds: seconds until the lease is free unless it is renewed.
    """

    def __init__(self, holder: str, expires_in_seconds: float) -> None:
        super().__init__(f"{holder} holds the lease for another {expires_in_seconds:.1f} s")
        self.holder = holder
        self.expires_in_seconds = expires_in_seconds
