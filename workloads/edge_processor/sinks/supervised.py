"""The task of a destination: it is started again if it fails."""

from edge_processor.delivery.destination import AlertDestination
from edge_processor.supervised import supervised


class SupervisedDestination:
    """Runs a destination; an unexpected error ends neither the sink nor the ingester.

    Args:
        name: of the sink.
        destination: is run.
    """

    def __init__(self, name: str, destination: AlertDestination) -> None:
        self._name = name
        self._destination = destination
        self._problem = ""

    @property
    def is_connected(self) -> bool:
        """Whether the last attempt to reach the destination succeeded."""
        return self._destination.connected.is_set()

    @property
    def last_error(self) -> str:
        """Why the last attempt failed; empty if it succeeded."""
        return "" if self.is_connected else self._problem or self._destination.last_error

    async def run(self) -> None:
        """Run the destination until cancelled.

        Raises:
            FencedError: another replica is the ingester.
        """
        await supervised(f"the connection of the sink {self._name}", self._run, self._failed)

    async def _run(self) -> None:
        self._problem = ""
        await self._destination.run()

    def _failed(self, error: Exception) -> None:
        self._problem = f"internal error: {error!r}"
        self._destination.connected.clear()
