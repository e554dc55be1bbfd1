"""Assembles a gateway."""

import asyncio
import datetime as dt
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from fastapi import APIRouter
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from edge_gateway.activity_digest import ActivityDigest
from edge_gateway.app import build_app
from edge_gateway.auth.access import Authenticator
from edge_gateway.auth.devices import DevicePasswords
from edge_gateway.auth.login import BrokerLogin
from edge_gateway.auth.route_auth import RouteAuth
from edge_gateway.auth.throttle import Throttle
from edge_gateway.auth.token import ApiToken
from edge_gateway.commands.ack_queue import AckQueue
from edge_gateway.commands.audit import CommandAudit
from edge_gateway.commands.cloud import CloudCommands
from edge_gateway.commands.repository import CommandRepository
from edge_gateway.commands.service import Commands
from edge_gateway.devices.device import STATES
from edge_gateway.devices.liveness import DeviceLiveness
from edge_gateway.devices.table import DeviceTable
from edge_gateway.devices.ticker import tick
from edge_gateway.gateway_mqtt import GatewayMqtt
from edge_gateway.http_ingest import HttpIngest
from edge_gateway.message_batches import MessageBatches
from edge_gateway.metrics import Metrics
from edge_gateway.mqtt_handler import SUBSCRIPTIONS, MqttHandler
from edge_gateway.probe_router import probe_router
from edge_gateway.readiness import Readiness
from edge_gateway.routes.commands import CommandRoutes
from edge_gateway.routes.data import DataRoutes
from edge_gateway.routes.dead_letters import DeadLetterRoutes
from edge_gateway.routes.devices import DeviceRoutes
from edge_gateway.routes.readings import ReadingRoutes
from edge_gateway.settings import GatewaySettings
from edge_liveness import Phase, SiteSettings
from edge_pacing.backoff import Backoff
from edge_service.mqtt import MqttOptions
from edge_service.probes import Probes
from edge_service.store import StoreClient
from edge_wire.store import StoreError

WRONG_FROM_SOURCE = 200
"""Wrong passwords a minute from one address, which may be a proxy of many devices."""


def utc_now() -> dt.datetime:
    """Return the time in UTC."""
    return dt.datetime.now(dt.UTC)


class Gateway:
    """A gateway without its listeners.

    Args:
        settings: of the gateway.
        store: client of the store, opened and closed by the caller.
        registry: for its metrics.

    Attributes:
        link: MQTT session; the caller runs it.
        commands: the caller closes its notifier at shutdown, so that no request keeps waiting.
        activity_digest: the caller runs it.
        ack_queue: the caller runs it.
        app: the HTTP application.
    """

    def __init__(self, settings: GatewaySettings, store: StoreClient, registry: CollectorRegistry) -> None:
        self._settings = settings
        self._store = store
        self._registry = registry
        self._metrics = Metrics(registry)
        transitions = self._metrics.transitions
        site = SiteSettings(unreachable_after=settings.unreachable_seconds)
        self._liveness = DeviceLiveness(time.monotonic, utc_now, lambda reason: transitions.labels(reason).inc(), site)
        no_room = self._metrics.dropped.labels("too_many_devices").inc
        self._table = DeviceTable(self._liveness, no_room, settings.retelling_seconds)
        self._readiness = Readiness(time.monotonic())
        self.link = GatewayMqtt(
            _session(settings),
            self._table,
            self._liveness.lost,
            lambda: self._readiness.reached("broker"),
            utc_now,
        )
        self._audit = CommandAudit(self._metrics.commands)
        self.commands = Commands(CommandRepository(store), self.link, self._audit, utc_now)
        self.activity_digest = ActivityDigest(self.link.activity, self._table.message_received, time.monotonic)
        self.ack_queue = AckQueue(self.commands, self._metrics.dropped)
        self._handler = MqttHandler(
            self._table,
            self._liveness,
            self.activity_digest.note,
            self.ack_queue.put,
            self.link.own_status_received,
            self._metrics.dropped,
        )
        self.link.listen(self._handler)
        self._show_state()
        self.app: ASGIApp = build_app(self._routers(), probe_router(self._probes()), self._metrics)

    async def keep_time(self) -> None:
        """Advance the time of the devices' liveness until cancelled."""
        await tick(self._liveness, self._table)

    async def reach_store(self) -> None:
        """Request the store's readiness until it answers once."""
        backoff = Backoff()
        while True:
            try:
                await self._store.ready()
            except StoreError:
                await asyncio.sleep(backoff.next())
            else:
                self._readiness.reached("store")
                return

    def _routers(self) -> Sequence[APIRouter]:
        auth = RouteAuth.of(self._authenticator())
        batches = MessageBatches(self._store, self._settings.edge_location, self._metrics.batch.observe)
        http_ingest = HttpIngest(batches, self.activity_digest, self._metrics.readings, utc_now)
        return (
            DeviceRoutes(self._table, self.link, self.activity_digest, utc_now).router(auth),
            DataRoutes(self._table, self._store, http_ingest).router(auth),
            DeadLetterRoutes(self._store, self._settings.edge_location).router(auth),
            ReadingRoutes(self._table, self._store, utc_now).router(auth),
            self._command_routes().router(auth),
        )

    def _command_routes(self) -> CommandRoutes:
        cloud = CloudCommands(self.commands, CommandRepository(self._store), self._audit, utc_now)
        return CommandRoutes(self._table, self.commands, cloud, self._audit, self.activity_digest, utc_now)

    def _authenticator(self) -> Authenticator:
        settings = self._settings
        login = BrokerLogin(
            settings.mqtt_broker,
            f"{settings.mqtt_topic_prefix}edge-gateway-{settings.hostname}-check",
            settings.edge_credentials_dir,
        )
        return Authenticator(
            ApiToken(settings.api_token_file),
            ApiToken(settings.cloud_token_file),
            DevicePasswords(login, time.monotonic, Throttle(), Throttle(failures=WRONG_FROM_SOURCE)),
            self.link.check_connected,
            self._metrics.logins,
            plaintext=settings.allow_plaintext_credentials,
        )

    def _probes(self) -> Probes:
        return Probes(
            self._registry,
            waiting_for=lambda: self._readiness.waiting_for(time.monotonic()),
            facts=self._facts,
        )

    def _facts(self) -> Mapping[str, Any]:
        return {"cloud_connected": self._handler.cloud_connected, "broker_connected": self.link.connected}

    def _show_state(self) -> None:
        """Make the gauges compute their values when they are scraped."""
        for state in STATES:
            self._metrics.devices.labels(state).set_function(partial(self._devices, state))
        for phase in Phase:
            self._metrics.phases.labels(phase.value).set_function(partial(self._phase, phase))
        self._metrics.waiting.set_function(lambda: self.commands.notifier.waiting)
        self._metrics.connected.set_function(lambda: self.link.connected)

    def _devices(self, state: str) -> float:
        return self._table.count_by_status()[state]

    def _phase(self, phase: Phase) -> float:
        return float(getattr(self._liveness.counts(), phase.value.lower()))


def _session(settings: GatewaySettings) -> MqttOptions:
    return MqttOptions(
        broker=settings.mqtt_broker,
        client_id=f"edge-gateway-{settings.hostname}",
        credentials_dir=settings.edge_credentials_dir,
        prefix=settings.mqtt_topic_prefix,
        subscriptions=SUBSCRIPTIONS,
    )
