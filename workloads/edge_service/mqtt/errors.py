"""Errors of an MQTT session."""

SESSION_TAKEN_OVER = 0x8E
"""Reason code of a DISCONNECT: another client has connected with the same client id."""


class MqttError(Exception):
    """An operation with the broker failed; the message names it."""


class ConnectError(MqttError):
    """The broker cannot be reached, or refuses this client."""


class ConnectRefusedError(ConnectError):
    """The broker answers, and refuses this client or one of its subscriptions.

    Attributes:
        reason: the reason code of its CONNACK; None if it refused a subscription.
    """

    def __init__(self, message: str, reason: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason


class UntrustedError(ConnectError):
    """The broker answers, and its certificate is not signed by the login's certificate authorities."""


class NotConnectedError(MqttError):
    """There is no connection, or it ended before the acknowledgement; the broker may have received the message."""


class PublishRefusedError(MqttError):
    """The broker refused the message.

    Attributes:
        reason: its reason code; None if it is not known.
    """

    def __init__(self, message: str, reason: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
