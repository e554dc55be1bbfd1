"""A consumer of the topics of readings and of alerts, from their beginning; a process of its own.

It appends a line for each record to a file, in the order of each partition, and continues over all failures of Kafka.
"""

import argparse
import json
from pathlib import Path

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, TopicPartition

from benchmarks.crash.sinks.lines import alert_line, reading_line

POLL_SECONDS = 0.2
RECORDS = 1000
"""Maximum number of records of a poll."""

METADATA_SECONDS = 5.0


def line(record: Message, alerts_topic: str) -> bytes:
    """Return the line of a record."""
    content = record.value()
    assert isinstance(content, bytes)
    if record.topic() == alerts_topic:
        return alert_line(content)
    pairs = dict(record.headers() or ())
    headers = {name: value.decode() for name, value in pairs.items() if isinstance(value, bytes)}
    key = record.key()
    assert isinstance(key, bytes)
    assert key.decode().rpartition("/")[0] == headers["site"], f"the key {key!r} is not of the site in the header"
    return reading_line(headers["site"], headers["log"], content, int(headers["offset"]))


def partitions(consumer: Consumer, topics: list[str]) -> list[TopicPartition]:
    """Return the partitions of topics, from their beginning; wait until all topics exist."""
    while True:
        try:
            found = consumer.list_topics(timeout=METADATA_SECONDS).topics
        except KafkaException:
            continue
        if all(topic in found and found[topic].partitions for topic in topics):
            pairs = [(topic, number) for topic in topics for number in found[topic].partitions]
            return [TopicPartition(topic, number, OFFSET_BEGINNING) for topic, number in pairs]


def main() -> None:
    """Consume until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, help="JSON with the settings of librdkafka")
    parser.add_argument("--topic", required=True)
    parser.add_argument("--alerts-topic", required=True)
    parser.add_argument("--record", type=Path, required=True)
    options = parser.parse_args()
    base = {"group.id": "far-end", "enable.auto.commit": False, "isolation.level": "read_committed", "log_level": 2}
    consumer = Consumer(base | json.loads(options.settings))
    consumer.assign(partitions(consumer, [options.topic, options.alerts_topic]))
    with options.record.open("ab", buffering=0) as record:
        while True:
            found = [each for each in consumer.consume(RECORDS, POLL_SECONDS) if not each.error()]
            record.write(b"".join(line(each, options.alerts_topic) for each in found))


if __name__ == "__main__":
    main()
