"""Writes the content of the Secrets to Mosquitto's files, and makes Mosquitto reload them."""

import asyncio
import logging

from edge_broker_agent.broker_files import BrokerFiles
from edge_broker_agent.errors import RejectedError
from edge_broker_agent.metrics import AgentMetrics
from edge_broker_agent.process import MosquittoProcess
from edge_broker_agent.process_watch import ProcessWatch
from edge_broker_agent.reload import Reloader
from edge_broker_agent.site_secrets import SiteSecrets
from edge_pacing.backoff import Backoff

logger = logging.getLogger(__name__)


class Applier:
    """Keeps Mosquitto and its files up to date with the Secrets.

    Attributes:
        decided: set when it is known with which files Mosquitto starts.
        applied: set after each attempt to apply a change; its reader clears it.
    """

    def __init__(
        self,
        files: BrokerFiles,
        secrets: SiteSecrets,
        process_watch: ProcessWatch,
        reloader: Reloader,
        metrics: AgentMetrics,
        batch_seconds: float,
    ) -> None:
        """Prepare.

        Args:
            files: Mosquitto's files.
            secrets: content of the Secrets.
            process_watch: the running Mosquitto.
            reloader: makes it reload.
            metrics: of the agent.
            batch_seconds: minimum pause after a reload; changes in between are applied together.
        """
        self.decided = asyncio.Event()
        self.applied = asyncio.Event()
        self._files = files
        self._secrets = secrets
        self._process_watch = process_watch
        self._reloader = reloader
        self._metrics = metrics
        self._batch_seconds = batch_seconds
        self._served: tuple[MosquittoProcess, float] | None = None
        self._rest = 0.0

    async def run(self, startup_timeout: float) -> None:
        """Run until cancelled.

        Args:
            startup_timeout: seconds to wait for the API server before Mosquitto starts with the previous files.
        """
        await self._first_answer(startup_timeout)
        backoff = Backoff(first=1.0, longest=5.0)
        while True:
            self._secrets.changed.clear()
            self._process_watch.begun.clear()
            up_to_date = await self._apply()
            self.applied.set()
            if not up_to_date:
                await asyncio.sleep(backoff.next())
                continue
            backoff.reset()
            await asyncio.sleep(self._rest)
            self._rest = 0.0
            await self._something_new()

    async def _first_answer(self, startup_timeout: float) -> None:
        try:
            async with asyncio.timeout(startup_timeout):
                while not self._secrets.complete:
                    await self._secrets.changed.wait()
                    self._secrets.changed.clear()
        except TimeoutError:
            logger.warning("the API server has not answered within %g s; using the last copy", startup_timeout)

    async def _something_new(self) -> None:
        """Wait until a Secret has changed, or another Mosquitto runs."""
        waits = [asyncio.create_task(each.wait()) for each in (self._secrets.changed, self._process_watch.begun)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def _apply(self) -> bool:
        """Write and reload changes; return whether Mosquitto is up to date, or will be when it starts."""
        try:
            await asyncio.to_thread(self._write)
            self.decided.set()
            broker = self._process_watch.broker
            if broker is None or self._files.passwords is None or self._has_read(broker):
                return True
            if self._files.canary is None:
                await asyncio.to_thread(self._files.write_passwords, self._files.passwords)
        except OSError as error:
            self._metrics.write_errors.inc()
            logger.error("cannot write Mosquitto's files (%s): check the volume of AUTH_DIR", error)  # noqa: TRY400
            return False
        return await self._reload(broker)

    def _write(self) -> None:
        """Write the files that differ from the Secrets.

        Raises:
            OSError: it cannot be written.
        """
        renewed = self._renew_certificate()
        wanted = self._secrets.passwords if self._secrets.passwords is not None else self._files.passwords
        if wanted is not None and (renewed or wanted != self._files.passwords):
            self._files.write_passwords(wanted)
            self._metrics.logins.set(wanted.count(b"\n"))
            self._rest = self._batch_seconds

    def _renew_certificate(self) -> bool:
        certificate = self._secrets.certificate
        if certificate is None or certificate.pem == self._files.certificate:
            return False
        try:
            self._files.write_certificate(certificate.pem)
        except RejectedError as error:
            self._secrets.reject_certificate(certificate, error)
            return False
        return True

    def _has_read(self, broker: MosquittoProcess) -> bool:
        return broker.began_after(self._files.written_at) or self._served == (broker, self._files.written_at)

    async def _reload(self, broker: MosquittoProcess) -> bool:
        version, canary = self._files.written_at, self._files.canary
        loop = asyncio.get_running_loop()
        begun = loop.time()
        if canary is None or not await self._reloader.reload(broker, canary):
            return False
        # During a reload, which may last seconds, Mosquitto serves no client: limit that to half of the time.
        self._rest = max(self._batch_seconds, loop.time() - begun)
        self._served = (broker, version)
        return True
