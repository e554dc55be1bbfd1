"""What can go wrong between a program and the broker."""


class MqttError(Exception):
    """Something with the broker failed; the message says what."""


class ConnectError(MqttError):
    """The broker cannot be reached, or refuses this client."""


class ConnectRefusedError(ConnectError):
    """The broker answers, and does not let this client in or refuses it a subscription."""


class UntrustedError(ConnectError):
    """The broker answers, and its certificate is none that the login's certificate authorities vouch for."""


class NotConnectedError(MqttError):
    """There is no connection, or it ended before the broker had acknowledged; it may have what was sent."""


class PublishRefusedError(MqttError):
    """The broker answered that it does not take the message."""
