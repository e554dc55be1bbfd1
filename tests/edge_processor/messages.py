"""Messages as they come from the broker, for the parts that need no broker."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from edge_processor.batcher import Received

NOW = 1_795_564_800_000
"""2026-11-25, in milliseconds since 1970."""


@dataclass
class Acknowledged:
    """The connection's side of messages: which were acknowledged, in which order, in how many calls."""

    calls: list[list[int]] = field(default_factory=list)

    def acknowledge(self, packet_ids: Sequence[int]) -> bool:
        """Take acknowledgements."""
        self.calls.append([*packet_ids])
        return True

    def flush(self) -> None:
        """Nothing is sent."""


def received(number: int, size: int = 1, connection: Acknowledged | None = None) -> Received:
    """Return message `number` with a payload of `size` bytes."""
    return Received("d1", b"x" * size, number, NOW, 0.0, connection or CONNECTION)


CONNECTION = Acknowledged()
"""Of messages for which nobody asks what was acknowledged."""
