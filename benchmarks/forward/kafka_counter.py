"""A consumer that counts the records of a topic and takes delays; a process of its own.

It begins at the end of the topic. Commands and answers are those of benchmarks.forward.receiver.
"""

import argparse
import json
import sys
import threading
import time
from dataclasses import dataclass, field

from confluent_kafka import OFFSET_END, Consumer, Message, TopicPartition

from benchmarks.forward.receiver import Arrived

POLL_SECONDS = 0.2
READY_SECONDS = 60.0
RECORDS = 2000
"""Maximum number of records of a poll."""


@dataclass
class Counter:
    """Counts records.

    Attributes:
        arrived: since the last `begin`.
    """

    arrived: Arrived = field(default_factory=Arrived)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, records: list[Message]) -> None:
        """Count the records of a poll."""
        values = [value for each in records if isinstance(value := each.value(), bytes) and not each.error()]
        if values:
            with self._lock:
                content = b"\n".join(values)
                self.arrived.take("/readings", content, len(content))

    def command(self, line: str) -> dict[str, object]:
        """Carry out a command."""
        with self._lock:
            if line == "begin":
                self.arrived = Arrived()
            facts = self.arrived.facts(line)
        return facts | {"wire_bytes": 0, "cpu_seconds": time.process_time()}


def consume(options: argparse.Namespace, counter: Counter, is_assigned: threading.Event) -> None:
    """Count for ever."""
    settings = json.loads(options.settings)
    consumer = Consumer({"group.id": "counter", "enable.auto.commit": False, "log_level": 2, **settings})
    partitions = consumer.list_topics(options.topic, timeout=READY_SECONDS).topics[options.topic].partitions
    consumer.assign([TopicPartition(options.topic, number, OFFSET_END) for number in partitions])
    consumer.poll(POLL_SECONDS)
    is_assigned.set()
    while True:
        counter.take(consumer.consume(RECORDS, POLL_SECONDS))


def main() -> None:
    """Count until stdin ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, help="JSON with the settings of librdkafka")
    parser.add_argument("--topic", required=True)
    options, counter, is_assigned = parser.parse_args(), Counter(), threading.Event()
    threading.Thread(target=consume, args=(options, counter, is_assigned), daemon=True).start()
    assert is_assigned.wait(READY_SECONDS), "the topic cannot be read"
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(counter.command(line.strip())), flush=True)


if __name__ == "__main__":
    main()
