"""Watches the Secrets with the site's logins and certificate, and combines their content."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from edge_broker_agent.errors import RejectedError
from edge_broker_agent.kube.watch import SecretWatch, Sink
from edge_broker_agent.metrics import AgentMetrics
from edge_broker_agent.shards import Certificate, Index, Shard, assemble, parse_certificate, parse_index, parse_shard
from edge_service.logs import about

logger = logging.getLogger(__name__)

MakeWatch = Callable[[str, Sink], SecretWatch]


class SiteSecrets:
    """The content of the site's Secrets. An invalid content is rejected, and the previous one of that Secret stays.

    Attributes:
        passwords: the password file, once index and shards agree; None before.
        certificate: certificate and key; None before, or without TLS.
        changed: set when one of them has changed; its reader clears it.
        rejected: names of the Secrets with invalid content.
    """

    def __init__(self, index: str, tls: str | None, metrics: AgentMetrics) -> None:
        """Prepare.

        Args:
            index: name of the index; the name of a shard has `-` and its number appended.
            tls: name of the Secret with the certificate; None without TLS.
            metrics: count rejected contents.
        """
        self.passwords: bytes | None = None
        self.certificate: Certificate | None = None
        self.changed = asyncio.Event()
        self.rejected: set[str] = set()
        self._index_name = index
        self._tls_name = tls
        self._metrics = metrics
        self._index: Index | None = None
        self._shards: dict[int, Shard] = {}
        self._counted = asyncio.Event()

    @property
    def complete(self) -> bool:
        """Whether everything that Mosquitto needs is known."""
        return self.passwords is not None and (self._tls_name is None or self.certificate is not None)

    async def run(self, watch: MakeWatch) -> None:
        """Watch the index, the certificate, and the number of shards in the index, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name in filter(None, (self._index_name, self._tls_name)):
                group.create_task(watch(name, self).run())
            shards: list[asyncio.Task[None]] = []
            while True:
                await self._counted.wait()
                self._counted.clear()
                wanted = self._index.count if self._index else 0
                while len(shards) < wanted:
                    shards.append(group.create_task(watch(f"{self._index_name}-{len(shards)}", self).run()))
                while len(shards) > wanted:
                    shards.pop().cancel()
                    self._shards.pop(len(shards), None)

    def on_secret(self, name: str, data: Mapping[str, str] | None) -> None:
        """Handle the current `data` of the Secret `name`; None if there is no such Secret."""
        if data is None:
            # Nothing deletes these Secrets while the site exists, so keep the last complete state.
            logger.warning("the Secret does not exist; the operator creates it", extra=about("Secret", name))
            return
        try:
            self._parse(name, data)
        except RejectedError as error:
            self._reject(name, error)
            return
        self._accept(name)
        together = f"{self._index_name} and its shards"
        try:
            self._assemble()
        except RejectedError as error:
            self._reject(together, error)
        else:
            self._accept(together)

    def reject_certificate(self, certificate: Certificate, error: RejectedError) -> None:
        """Reject a certificate that TLS does not accept; the previous one stays in use."""
        if self.certificate is certificate:
            self.certificate = None
        self._reject(str(self._tls_name), error)

    def _parse(self, name: str, data: Mapping[str, str]) -> None:
        if name == self._tls_name:
            self.certificate = parse_certificate(data)
            self.changed.set()
        elif name == self._index_name:
            self._index = parse_index(data)
            self._counted.set()
        else:
            self._shards[int(name.removeprefix(f"{self._index_name}-"))] = parse_shard(data)

    def _assemble(self) -> None:
        whole = assemble(self._index, self._shards)
        if whole is not None and whole != self.passwords:
            self.passwords = whole
            self.changed.set()

    def _accept(self, name: str) -> None:
        if name in self.rejected:
            self.rejected.remove(name)
            self.changed.set()

    def _reject(self, name: str, error: RejectedError) -> None:
        self._metrics.rejected.labels(error.reason).inc()
        self.rejected.add(name)
        self.changed.set()
        logger.error("its content is invalid; still using the previous content: %s", error, extra=about("Secret", name))
