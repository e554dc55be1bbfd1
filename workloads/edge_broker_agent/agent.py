"""Assembles the agent."""

import asyncio
from typing import Any

from prometheus_client import CollectorRegistry

from edge_broker_agent.applier import Applier
from edge_broker_agent.broker_files import BrokerFiles
from edge_broker_agent.database.guard import DatabaseGuard
from edge_broker_agent.database.volume import DatabaseVolume
from edge_broker_agent.files import AuthFiles
from edge_broker_agent.kube.account import Account
from edge_broker_agent.kube.watch import SecretWatch, Sink
from edge_broker_agent.logfile import LogRotation
from edge_broker_agent.metrics import AgentMetrics
from edge_broker_agent.process import Processes
from edge_broker_agent.process_watch import ProcessWatch
from edge_broker_agent.reload import Reloader
from edge_broker_agent.settings import AgentSettings
from edge_broker_agent.site_secrets import SiteSecrets
from edge_broker_agent.status_publisher import CLIENT_ID, StatusPublisher
from edge_service.mqtt import MqttOptions
from edge_service.program import StartError, until


class Agent:
    """The agent of one broker.

    Args:
        settings: of the agent.
        registry: for its metrics.
    """

    def __init__(self, settings: AgentSettings, registry: CollectorRegistry) -> None:
        self._settings = settings
        self._metrics = AgentMetrics(registry)
        processes = Processes(settings.proc_dir)
        self._files = BrokerFiles(AuthFiles(settings.auth_dir))
        self._secrets = SiteSecrets(settings.index, settings.tls_secret or None, self._metrics)
        self._process_watch = ProcessWatch(processes, self._metrics)
        self._applier = Applier(
            self._files,
            self._secrets,
            self._process_watch,
            Reloader(processes, settings.mqtt_broker, self._metrics),
            self._metrics,
            settings.batch_interval,
        )
        options = MqttOptions(settings.mqtt_broker, CLIENT_ID, settings.edge_credentials_dir)
        changed = self._applier.applied
        self._guard = DatabaseGuard(
            DatabaseVolume(settings.mosquitto_database), self._process_watch, changed, self._metrics
        )
        self._status_publisher = StatusPublisher(
            options, self._process_watch, self._facts, lambda: self._guard.data_lost, changed
        )
        self._logs = LogRotation(settings.mosquitto_log, settings.mosquitto_log_max_bytes, processes, self._metrics)

    def waiting_for(self) -> list[str]:
        """Return what is missing before Mosquitto can start."""
        lacking = self._files.lacks(tls=bool(self._settings.tls_secret))
        if not self._applier.decided.is_set():
            lacking = lacking or ["the API server's answer"]
        return lacking if self._guard.checked.is_set() else [*lacking, "the check of Mosquitto's database"]

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set.

        Raises:
            StartError: the directory for Mosquitto's files cannot be used.
        """
        try:
            self._files.load()
        except OSError as error:
            raise StartError(f"AUTH_DIR cannot be used ({error}): mount the broker's volume, writable") from error
        await until(
            stop,
            self._secrets.run(self._watch),
            self._process_watch.run(),
            self._guard.run(),
            self._applier.run(self._settings.start_patience),
            self._status_publisher.run(),
            self._logs.run(),
        )

    def _watch(self, name: str, sink: Sink) -> SecretWatch:
        given = self._settings
        account = Account(given.kubernetes_service_host, given.kubernetes_service_port, given.service_account_dir)
        return SecretWatch(account, given.edge_namespace, name, sink, self._metrics)

    def _facts(self) -> dict[str, Any]:
        return {
            "logins": (self._files.passwords or b"").count(b"\n"),
            "rejected": sorted(self._secrets.rejected),
        }
