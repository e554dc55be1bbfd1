"""Creates the destination, and loads confluent-kafka only then."""

from typing import Protocol

from edge_processor.delivery.destination import AlertDestination, Destination
from edge_processor.settings import ProcessorSettings


class KafkaSink(Destination, AlertDestination, Protocol):
    """Kafka as a destination of readings and of alerts; one `run` serves both, and more calls of it do nothing."""


def kafka_destination(settings: ProcessorSettings, log_id: str) -> KafkaSink:
    """Return the Kafka cluster of OUTPUT_SINK or KAFKA_BROKER as a destination.

    Args:
        settings: of the processor.
        log_id: identifier of the store's log, the header `log` of each record.

    Raises:
        ValueError: the settings name no brokers; the message shows valid ones.
    """
    # librdkafka takes memory that only a site with Kafka should need.
    from edge_processor.sinks.kafka.destination import KafkaDestination  # noqa: PLC0415

    return KafkaDestination(settings, log_id)
