"""What can be wrong with what the agent is given."""


class RejectedError(Exception):
    """A Secret's content would break Mosquitto, or is not what the operator writes; the message says what to do.

    Attributes:
        reason: a short label, for metrics.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
