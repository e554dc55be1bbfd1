"""What the world does with an operator and with a gateway."""

from typing import Protocol


class Publish(Protocol):
    """Publishes a message on the broker."""

    def __call__(self, topic: str, payload: bytes, *, retain: bool = False) -> None: ...


class Side(Protocol):
    """A process with a session.

    Attributes:
        is_running: whether the process runs.
        is_connected: whether it has a connection to the broker.
    """

    is_running: bool
    is_connected: bool

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def on_connected(self) -> None: ...

    def on_all_retained(self) -> None: ...

    def on_disconnected(self) -> None: ...

    def receive(self, topic: str, payload: bytes, *, retain: bool) -> None: ...

    def tick(self) -> None: ...
