"""The list of sinks: a new sink is added here."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from edge_processor.delivery.forwarding import ForwardingError, Rules, parse_rules
from edge_processor.delivery.lanes.lane import LaneOptions
from edge_processor.delivery.reading_sink import SinkOptions
from edge_processor.metrics import ProcessorMetrics
from edge_processor.session import IngestSession
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.declaration import Declaration
from edge_processor.sinks.external import ExternalSink, Target
from edge_processor.sinks.outbox import Outbox
from edge_processor.sinks.sensors import Sensors
from edge_processor.sinks.sink import Sink
from edge_service.store import StoreClient

CLOUD = "cloud"
KAFKA = "kafka"
ALERTMANAGER = "alertmanager"
WEBHOOK = "webhook"

FACTORIES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    CLOUD: ("edge_processor.sinks.cloud", "cloud_destination", ("log_id",)),
    KAFKA: ("edge_processor.sinks.kafka", "kafka_destination", ("log_id",)),
    ALERTMANAGER: ("edge_processor.sinks.alerts.alertmanager", "alertmanager_destination", ("store",)),
    WEBHOOK: ("edge_processor.sinks.alerts.webhook", "webhook_destination", ()),
}
"""By sink: the module and the function that returns its destination, and what it takes after the settings."""

LIVE = LaneOptions(500)
BACKLOG = LaneOptions(2000)
LIVE_REQUESTS = LaneOptions(500, linger_seconds=0.25)
"""Of a destination that gets a request for each batch."""

LIVE_RECORDS = LaneOptions(500, linger_seconds=0.1)
"""Of Kafka: a report, a wake-up and a compressed batch for each batch cost more than its records at low rates."""

MQTT_BACKLOG = LaneOptions(500)
"""Messages of both lanes share one connection: a batch of the backlog is no longer than a live one."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sinks:
    """The sinks of an ingester.

    Attributes:
        all: every sink, in the order in which they are notified.
        external: those to destinations outside the site.
        declaration: declares these to the store.
    """

    all: tuple[Sink, ...]
    external: tuple[ExternalSink, ...]
    declaration: Declaration


def build_sinks(
    settings: ProcessorSettings, session: IngestSession, store: StoreClient, token: int, metrics: ProcessorMetrics
) -> Sinks:
    """Return the sinks that the settings ask for.

    Args:
        settings: of the processor.
        session: publishes to the site's broker.
        store: has what is not delivered yet.
        token: of the ingester's lease.
        metrics: of the processor.
    """
    names = _configured(settings)
    readings = [name for name in names if name in (CLOUD, KAFKA)]
    declaration = Declaration(readings, names, store, token)
    rules = rules_of(settings) if readings else None
    external = tuple(
        ExternalSink(_target(name, settings, store, rules), declaration, store, token, metrics) for name in names
    )
    own: tuple[Sink, ...] = (Outbox(store, session, token, metrics), Sensors(session, store, token, metrics))
    return Sinks((*own, *external), external, declaration)


def _configured(settings: ProcessorSettings) -> list[str]:
    configured = {
        CLOUD: settings.cloud_endpoint,
        KAFKA: settings.output_sink or settings.kafka_broker,
        ALERTMANAGER: settings.alertmanager_url,
        WEBHOOK: settings.webhook_url,
    }
    return [name for name, address in configured.items() if address]


def _target(name: str, settings: ProcessorSettings, store: StoreClient, rules: Rules | None) -> Target:
    connect = partial(_destination, name, settings, store)
    if name not in (CLOUD, KAFKA):
        return Target(name, connect)
    live, backlog = lanes_of(name, settings)
    return Target(name, connect, SinkOptions(name, live, backlog, rules))


def _destination(name: str, settings: ProcessorSettings, store: StoreClient, log_id: str) -> Any:
    """Return the destination of a sink, an object for readings and alerts.

    Its module is loaded only if the sink is configured: the libraries of the sinks take 10 MiB and more.

    Raises:
        Exception: the settings of the sink cannot be used; the message names the variable.
    """
    module, function, names = FACTORIES[name]
    given = {"log_id": log_id, "store": store}
    return getattr(import_module(module), function)(settings, *(given[each] for each in names))


def lanes_of(name: str, settings: ProcessorSettings) -> tuple[LaneOptions, LaneOptions]:
    """Return how the sink `name` sends live readings, and how older ones."""
    if name == KAFKA:
        return LIVE_RECORDS, BACKLOG
    scheme = urlsplit(settings.cloud_endpoint or "").scheme
    return (LIVE_REQUESTS, BACKLOG) if scheme.startswith("http") else (LIVE, MQTT_BACKLOG)


def rules_of(settings: ProcessorSettings) -> Rules | None:
    """Return which readings leave the site; None for all, also if the file is not usable. Invalid rules are skipped."""
    path = settings.forwarding_file
    if path is None:
        return None
    try:
        rules, problems = parse_rules(path.read_bytes())
    except (OSError, ForwardingError) as error:
        logger.error("all readings are forwarded: FORWARDING_FILE %s: %s", path, error)  # noqa: TRY400
        return None
    for problem in problems:
        logger.error("a rule of FORWARDING_FILE %s is not used: %s", path, problem)
    return rules or None
