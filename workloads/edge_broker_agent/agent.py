"""The agent's parts, put together."""

import asyncio
from typing import Any

from prometheus_client import CollectorRegistry

from edge_broker_agent.applier import Applier
from edge_broker_agent.copy import Copy
from edge_broker_agent.files import AuthFiles
from edge_broker_agent.kube.account import Account
from edge_broker_agent.kube.watch import SecretWatch, Sink
from edge_broker_agent.logfile import LogRotation
from edge_broker_agent.metrics import AgentMetrics
from edge_broker_agent.presence import Presence
from edge_broker_agent.process import Processes
from edge_broker_agent.reload import Reloader
from edge_broker_agent.settings import AgentSettings
from edge_broker_agent.sources import Sources
from edge_broker_agent.telling import CLIENT_ID, Teller
from edge_service.mqtt import MqttOptions
from edge_service.program import StartError, until


class Agent:
    """The agent of one broker.

    Args:
        settings: what it is told.
        registry: where its figures are.
    """

    def __init__(self, settings: AgentSettings, registry: CollectorRegistry) -> None:
        self._settings = settings
        self._metrics = AgentMetrics(registry)
        processes = Processes(settings.proc_dir)
        self._copy = Copy(AuthFiles(settings.auth_dir))
        self._sources = Sources(settings.index, settings.tls_secret or None, self._metrics)
        self._presence = Presence(processes, self._metrics)
        self._applier = Applier(
            self._copy,
            self._sources,
            self._presence,
            Reloader(processes, settings.mqtt_broker, self._metrics),
            self._metrics,
            settings.batch_interval,
        )
        options = MqttOptions(settings.mqtt_broker, CLIENT_ID, settings.edge_credentials_dir)
        self._teller = Teller(options, self._presence, self._facts, self._applier.news)
        self._logs = LogRotation(settings.mosquitto_log, settings.mosquitto_log_max_bytes, processes, self._metrics)

    def waiting_for(self) -> list[str]:
        """Return what is missing before Mosquitto can start."""
        lacking = self._copy.lacks(tls=bool(self._settings.tls_secret))
        return lacking if lacking or self._applier.decided.is_set() else ["the API server's answer"]

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set.

        Raises:
            StartError: the directory for Mosquitto's files cannot be used.
        """
        try:
            self._copy.load()
        except OSError as error:
            raise StartError(f"AUTH_DIR cannot be used ({error}): mount the broker's volume, writable") from error
        await until(
            stop,
            self._sources.run(self._watch),
            self._presence.run(),
            self._applier.run(self._settings.start_patience),
            self._teller.run(),
            self._logs.run(),
        )

    def _watch(self, name: str, sink: Sink) -> SecretWatch:
        given = self._settings
        account = Account(given.kubernetes_service_host, given.kubernetes_service_port, given.service_account_dir)
        return SecretWatch(account, given.edge_namespace, name, sink, self._metrics)

    def _facts(self) -> dict[str, Any]:
        return {
            "logins": (self._copy.passwords or b"").count(b"\n"),
            "rejected": sorted(self._sources.rejected),
        }
