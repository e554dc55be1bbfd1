"""Brings what the Secrets say into Mosquitto's files, and has it read them."""

import asyncio
import logging

from edge_broker_agent.copy import Copy
from edge_broker_agent.errors import RejectedError
from edge_broker_agent.metrics import AgentMetrics
from edge_broker_agent.presence import Presence
from edge_broker_agent.process import Broker
from edge_broker_agent.reload import Reloader
from edge_broker_agent.sources import Sources
from edge_pacing.backoff import Backoff

logger = logging.getLogger(__name__)


class Applier:
    """Keeps Mosquitto's files, and Mosquitto, as the Secrets say.

    Attributes:
        decided: set when it is known which copy Mosquitto starts with.
        news: set after each change that was worked on; cleared by whoever tells of it.
    """

    def __init__(
        self,
        copy: Copy,
        sources: Sources,
        presence: Presence,
        reloader: Reloader,
        metrics: AgentMetrics,
        batch_seconds: float,
    ) -> None:
        """Prepare.

        Args:
            copy: the files.
            sources: what the Secrets say.
            presence: which Mosquitto runs.
            reloader: has it reload.
            metrics: where logins and failures are counted.
            batch_seconds: the least rest after a reload; what changes meanwhile is one change.
        """
        self.decided = asyncio.Event()
        self.news = asyncio.Event()
        self._copy = copy
        self._sources = sources
        self._presence = presence
        self._reloader = reloader
        self._metrics = metrics
        self._batch_seconds = batch_seconds
        self._served: tuple[Broker, float] | None = None
        self._rest = 0.0

    async def run(self, patience: float) -> None:
        """Work until cancelled.

        Args:
            patience: seconds to wait for the API server before Mosquitto is started with the last copy.
        """
        await self._first_answer(patience)
        backoff = Backoff(first=1.0, longest=5.0)
        while True:
            self._sources.changed.clear()
            self._presence.begun.clear()
            up_to_date = await self._apply()
            self.news.set()
            if not up_to_date:
                await asyncio.sleep(backoff.next())
                continue
            backoff.reset()
            await asyncio.sleep(self._rest)
            self._rest = 0.0
            await self._something_new()

    async def _first_answer(self, patience: float) -> None:
        try:
            async with asyncio.timeout(patience):
                while not self._sources.complete:
                    await self._sources.changed.wait()
                    self._sources.changed.clear()
        except TimeoutError:
            logger.warning("the API server has not answered within %g s; using the last copy", patience)

    async def _something_new(self) -> None:
        """Wait until the Secrets say something else, or another Mosquitto runs."""
        waits = [asyncio.create_task(each.wait()) for each in (self._sources.changed, self._presence.begun)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def _apply(self) -> bool:
        """Write what differs and have it read; return whether Mosquitto is up to date, or reads it when it starts."""
        try:
            await asyncio.to_thread(self._write)
            self.decided.set()
            broker = self._presence.broker
            if broker is None or self._copy.passwords is None or self._has_read(broker):
                return True
            if self._copy.proof is None:
                await asyncio.to_thread(self._copy.write_passwords, self._copy.passwords)
        except OSError as error:
            self._metrics.write_errors.inc()
            logger.error("cannot write Mosquitto's files (%s): check the volume of AUTH_DIR", error)  # noqa: TRY400
            return False
        return await self._reload(broker)

    def _write(self) -> None:
        """Write what differs from what the Secrets say.

        Raises:
            OSError: it cannot be written.
        """
        renewed = self._renew_certificate()
        wanted = self._sources.passwords if self._sources.passwords is not None else self._copy.passwords
        if wanted is not None and (renewed or wanted != self._copy.passwords):
            self._copy.write_passwords(wanted)
            self._metrics.logins.set(wanted.count(b"\n"))
            self._rest = self._batch_seconds

    def _renew_certificate(self) -> bool:
        certificate = self._sources.certificate
        if certificate is None or certificate.pem == self._copy.certificate:
            return False
        try:
            self._copy.write_certificate(certificate.pem)
        except RejectedError as error:
            self._sources.reject_certificate(certificate, error)
            return False
        return True

    def _has_read(self, broker: Broker) -> bool:
        return broker.began_after(self._copy.written_at) or self._served == (broker, self._copy.written_at)

    async def _reload(self, broker: Broker) -> bool:
        version, proof = self._copy.written_at, self._copy.proof
        loop = asyncio.get_running_loop()
        begun = loop.time()
        if proof is None or not await self._reloader.reload(broker, proof):
            return False
        # Nobody is answered during a reload, which may last seconds: that must not be more than half of the time.
        self._rest = max(self._batch_seconds, loop.time() - begun)
        self._served = (broker, version)
        return True
