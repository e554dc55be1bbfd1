"""Makes Mosquitto reload its files, and verifies that it did."""

import asyncio
import logging
import os
import signal
import time

from edge_broker_agent.canary import CANARY_USERNAME, CanaryLogin
from edge_broker_agent.metrics import AgentMetrics
from edge_broker_agent.process import MosquittoProcess, Processes
from edge_service.address import BrokerAddress
from edge_service.mqtt import ConnectError, Login, MqttOptions
from edge_service.mqtt.connection import Connection

SIGNAL_HANDLER_SECONDS = 10.0
CONFIRM_SECONDS = 20.0
RETRY_SECONDS = 0.05

logger = logging.getLogger(__name__)


class Reloader:
    """Makes Mosquitto reload.

    Args:
        processes: finds Mosquitto.
        address: of its listener for components.
        metrics: count reloads.
    """

    def __init__(self, processes: Processes, address: BrokerAddress, metrics: AgentMetrics) -> None:
        self._processes = processes
        self._address = address
        self._metrics = metrics

    async def reload(self, broker: MosquittoProcess, canary: CanaryLogin) -> bool:
        """Make Mosquitto reload its files; return whether that is confirmed.

        Args:
            broker: the process.
            canary: the login in the new file.
        """
        result = await self._result(broker, canary)
        self._metrics.reloads.labels(result).inc()
        return result == "done"

    async def _result(self, broker: MosquittoProcess, canary: CanaryLogin) -> str:
        begun = time.monotonic()
        try:
            await self._when_caught(broker)
            begun = time.monotonic()
            self._processes.signal(broker, signal.SIGHUP)
            await self._confirm(broker, canary)
        except ProcessLookupError:
            # The next run loads the files when it starts.
            logger.warning("Mosquitto ended before it had reloaded")
            return "ended"
        except PermissionError:
            logger.error("Mosquitto cannot be signalled: run it as the agent's user, which is %d", os.getuid())  # noqa: TRY400
            return "unconfirmed"
        except TimeoutError:
            logger.error("Mosquitto has not reloaded within %g s: check its log", CONFIRM_SECONDS)  # noqa: TRY400
            return "unconfirmed"
        seconds = time.monotonic() - begun
        self._metrics.reload_seconds.set(seconds)
        self._metrics.reloaded_at.set_to_current_time()
        logger.info("Mosquitto has reloaded in %.3f s", seconds)
        return "done"

    async def _when_caught(self, broker: MosquittoProcess) -> None:
        """Wait until Mosquitto has installed its signal handler; before that, the signal would end it.

        Raises:
            ProcessLookupError: it has ended.
            TimeoutError: it has not installed one.
        """
        async with asyncio.timeout(SIGNAL_HANDLER_SECONDS):
            while not self._processes.catches(broker, signal.SIGHUP):
                self._must_run(broker)
                await asyncio.sleep(RETRY_SECONDS)

    async def _confirm(self, broker: MosquittoProcess, canary: CanaryLogin) -> None:
        """Wait until Mosquitto accepts the canary login.

        Raises:
            ProcessLookupError: Mosquitto has ended.
            TimeoutError: it does not accept it.
        """
        login = Login(CANARY_USERNAME, canary.password)
        async with asyncio.timeout(CONFIRM_SECONDS):
            while not await self._accepted(login):
                self._must_run(broker)
                await asyncio.sleep(RETRY_SECONDS)

    async def _accepted(self, login: Login) -> bool:
        connection = Connection(MqttOptions(self._address, CANARY_USERNAME, login=login), login, lambda _: None)
        try:
            await connection.open()
        except ConnectError:
            return False
        await connection.close()
        return True

    def _must_run(self, broker: MosquittoProcess) -> None:
        if self._processes.broker() != broker:
            raise ProcessLookupError("Mosquitto has ended")
