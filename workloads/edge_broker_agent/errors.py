"""Errors in the content of Secrets."""


class RejectedError(Exception):
    """The content of a Secret would break Mosquitto, or the operator did not write it; the message says what to do.

    Attributes:
        reason: a short label, for metrics.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
