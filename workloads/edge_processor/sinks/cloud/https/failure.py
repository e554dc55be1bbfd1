"""How an attempt to deliver can fail; the next attempt may succeed."""


class FailedError(Exception):
    """An attempt failed; the message has no secret."""


class ConnectionFailedError(FailedError):
    """The server cannot be reached, or its answer did not arrive."""


class ServerRefusedError(FailedError):
    """The server answers that it does not accept the request now.

    Attributes:
        retry_after_seconds: when it asks for the next attempt; None if it does not say.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
