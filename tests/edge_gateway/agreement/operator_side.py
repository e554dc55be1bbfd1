"""An operator without its sessions and the API server: the liveness of the fleet, the roster, and the status writes."""

import asyncio
from typing import Any, cast

from edge_liveness import EventBudget, Write, WriteKind
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.control.apply.events import Events
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import Resource
from edge_operator.control.liveness.events import LivenessEvents
from edge_operator.control.liveness.fleet_liveness import FleetLiveness
from edge_operator.control.liveness.message_handler import BrokerMessageHandler
from edge_operator.control.liveness.writer import LivenessWriter
from edge_operator.control.loop.informers import Informers
from edge_operator.control.site_broker.retained_cleanup import RetainedCleanup
from edge_operator.control.site_broker.roster_publisher import RosterPublisher
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.status.events import Event
from edge_operator.telemetry.metrics import Metrics
from tests.edge_gateway.agreement.side import Publish
from tests.edge_operator.control.samples import NAMESPACE, SITE, Time, message, site

Objects = dict[tuple[str, str], dict[str, Any]]
"""The EdgeDevices as the API server has them, by namespace and name."""


class _Sessions(BrokerSessions):
    """Sessions that are the world's."""

    def __init__(self, publish: Publish) -> None:
        super().__init__("test")
        self._publish = publish

    def send(
        self, site: ResourceKey, topic: str, payload: bytes, *, retain: bool = False
    ) -> asyncio.Future[int] | None:
        del site
        self._publish(topic, payload, retain=retain)
        return None


class _Writer(LivenessWriter):
    """Collects the devices with a status to write."""

    def __init__(self) -> None:
        self.due: dict[ResourceKey, None] = {}

    def changed(self, key: ResourceKey) -> None:
        self.due[key] = None

    def remove(self, key: ResourceKey) -> None:
        self.due.pop(key, None)


class _NoEvents(Events):
    def __init__(self) -> None:
        pass

    async def post(self, resource: Resource, event: Event) -> None:
        raise AssertionError(f"nothing writes Events here: {resource} {event}")


class OperatorSide:
    """An operator that can be restarted; the objects outlive it."""

    def __init__(self, time: Time, objects: Objects, publish: Publish) -> None:
        self._time = time
        self._objects = objects
        self._sessions = _Sessions(publish)
        self._versions = 1
        self.is_running = False
        self.is_connected = False
        self.start()

    def start(self) -> None:
        clocks, metrics = self._time.clocks, Metrics()
        informers = self._informers = Informers(clocks.wall)
        self._writer = _Writer()
        events = LivenessEvents(EventBudget(lambda _: False), _NoEvents(), informers.sites)
        informers.site_queue.add_after = lambda *_: None  # type: ignore[method-assign]  # no reconciler runs here
        cleanup = self._cleanup = RetainedCleanup(
            self._sessions, informers.sites, informers.devices, metrics, clocks.steady
        )
        rosters = self._rosters = RosterPublisher(
            self._sessions, informers.sites, informers.devices, metrics, clocks.steady
        )
        informers.sites.put(site(devices={"heartbeatInterval": "5s", "offlineAfter": "20s"}).body)
        for body in self._objects.values():
            informers.devices.put(body)
        self._fleet = FleetLiveness(informers, cleanup, rosters, self._writer, events, metrics, clocks)
        for key in informers.devices:
            self._fleet.schedule_write(key, edited=True)
        informers.add_handler(self._fleet)
        topics = SiteTopics(metrics, lambda _: None, clocks.steady, clocks.wall)
        self._handler = BrokerMessageHandler(
            self._fleet.index, self._sessions, cleanup, rosters, lambda _: None, topics, metrics
        )
        self.is_running = True

    def stop(self) -> None:
        self.is_running = self.is_connected = False

    def on_connected(self) -> None:
        self.is_connected = True
        self._handler.on_connected(SITE)

    def on_all_retained(self) -> None:
        """Do nothing: the marker of the roster shows it."""

    def on_disconnected(self) -> None:
        self.is_connected = False
        self._handler.on_disconnected(SITE)

    def receive(self, topic: str, payload: bytes, *, retain: bool) -> None:
        self._handler.on_message(SITE, message(topic, payload, retain=retain))

    def tick(self) -> None:
        self._fleet.tick()
        for key in tuple(self._writer.due):
            del self._writer.due[key]
            self._write(key)
        self._cleanup.sweep()
        self._rosters.sweep()

    def create(self, name: str, uid: str, spec: dict[str, Any]) -> None:
        login = {"type": "CredentialsReady", "status": "True", "reason": "X"}
        metadata = {
            "namespace": NAMESPACE,
            "name": name,
            "uid": uid,
            "generation": 1,
            "creationTimestamp": self._time.text(),
        }
        status = {"observedGeneration": 1, "conditions": [login]}
        self._put({"metadata": metadata, "spec": {"siteRef": {"name": SITE[1]}, **spec}, "status": status})

    def configure(self, name: str, spec: dict[str, Any]) -> None:
        body = self._objects[NAMESPACE, name]
        metadata = body["metadata"] | {"generation": body["metadata"]["generation"] + 1}
        self._put({**body, "metadata": metadata, "spec": {"siteRef": {"name": SITE[1]}, **spec}})

    def delete(self, name: str) -> None:
        del self._objects[NAMESPACE, name]
        if self.is_running:
            self._informers.devices.delete((NAMESPACE, name))

    def _write(self, key: ResourceKey) -> None:
        device = self._informers.devices.get(key)
        if device is None:
            return
        write: Write[ResourceKey] = Write(key, WriteKind.TRANSITION, 0.0)
        status = self._fleet.render_status(device, write, self._time.text())
        if status is not None:
            kept = [each for each in device.status["conditions"] if each["type"] == "CredentialsReady"]
            merged = {"observedGeneration": 1, **status, "conditions": [*kept, *status["conditions"]]}
            self._put({**cast("dict[str, Any]", device.body), "status": merged})

    def _put(self, body: dict[str, Any]) -> None:
        self._versions += 1
        body = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self._versions)}}
        self._objects[body["metadata"]["namespace"], body["metadata"]["name"]] = body
        if self.is_running:
            self._informers.devices.put(body)
