"""Apache Kafka for processes on this machine: its jars by Maven, run by the Java of the distribution."""

from e2e.kafka.build import KafkaPrograms, ensure_kafka, is_ready

__all__ = ["KafkaPrograms", "ensure_kafka", "is_ready"]
