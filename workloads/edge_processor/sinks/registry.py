"""The list of sinks: a new sink is added here."""

import logging

from edge_processor.metrics import ProcessorMetrics
from edge_processor.session import IngestSession
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.outbox import Outbox
from edge_processor.sinks.sensors import Sensors
from edge_processor.sinks.sink import Sink
from edge_service.store import StoreClient

logger = logging.getLogger(__name__)


def build_sinks(
    settings: ProcessorSettings, session: IngestSession, store: StoreClient, token: int, metrics: ProcessorMetrics
) -> tuple[Sink, ...]:
    """Return the sinks that the settings ask for, in the order in which they are notified.

    Args:
        settings: of the processor.
        session: publishes to the site's broker.
        store: has what is not delivered yet.
        token: of the ingester's lease.
        metrics: of the processor.
    """
    if kafka := settings.output_sink or settings.kafka_broker:
        logger.warning("the sink %s is not supported by this release: readings stay on site", kafka)
    return Outbox(store, session, token, metrics), Sensors(session, store, token, metrics)
