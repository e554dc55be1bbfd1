"""The task of the cloud's commands: nothing that happens to it ends the ingester."""

import asyncio
import logging
from collections.abc import Callable
from typing import ClassVar

from edge_processor.cloud_commands.runner import CloudCommands
from edge_processor.supervised import supervised

logger = logging.getLogger(__name__)


class SupervisedCommands:
    """Handles commands until cancelled; an unexpected error ends neither them nor the ingester.

    Args:
        connect: returns what handles commands; called for each start. Raises ValueError if the settings cannot be used.
    """

    name: ClassVar[str] = "cloud-commands"

    def __init__(self, connect: Callable[[], CloudCommands]) -> None:
        self._connect = connect

    async def run(self) -> None:
        """Handle commands until cancelled; with settings that cannot be used, only log why."""
        await supervised("the handling of the cloud's commands", self._run)

    async def _run(self) -> None:
        try:
            commands = self._connect()
        except ValueError as error:
            logger.error("commands of the cloud are not handled: %s", error)  # noqa: TRY400 - the settings, no fault here
            # As long as the ingester runs: the settings change with a restart only.
            await asyncio.Event().wait()
            return
        await commands.run()
