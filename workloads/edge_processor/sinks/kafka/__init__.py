"""Produces readings and alerts to Kafka. Importing this package does not load confluent-kafka."""

from edge_processor.sinks.kafka.address import kafka_brokers
from edge_processor.sinks.kafka.factory import KafkaSink, kafka_destination

__all__ = ["KafkaSink", "kafka_brokers", "kafka_destination"]
