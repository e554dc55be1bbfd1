"""The settings of the producer, and why each is what it is."""

from edge_processor.settings import ProcessorSettings

BATCH_MESSAGES = 10_000
"""Maximum number of records in a request for one partition."""

BATCH_BYTES = 256 * 1024
"""Maximum size of such a request before compression: it must pass a slow link within `REQUEST_MILLISECONDS`."""

RECORD_BYTES = 8 * 1024 * 1024
"""Maximum size of a record here: Kafka decides, by the limit of the topic."""

QUEUE_KIB = 8 * 1024
"""Maximum size of all records in the producer; the windows of the lanes are smaller."""

QUEUE_MESSAGES = 60_000

REQUEST_MILLISECONDS = 10_000
"""A connection without an answer for this time is closed: after a cut, TCP itself may be idle for a minute."""

CONNECT_MILLISECONDS = 6_000
"""Maximum time of a connection attempt: Linux repeats a SYN after 1, 3 and 7 s, so a returning link is used soon."""

RECONNECT_MILLISECONDS = 1_000
"""Maximum time between two connection attempts."""

LINGER_MILLISECONDS = 5
"""Readings of this time share a request."""

COMPRESSION = "zstd"
"""20 bytes of disk and network for each reading of 216 bytes, against 50 with lz4, for the same CPU time."""

COMPRESSION_LEVEL = 1
"""As small as the default level 3 for readings, and cheaper for the small requests of the live lane."""


def producer_settings(settings: ProcessorSettings, brokers: str) -> dict[str, str | int | bool]:
    """Return the settings of librdkafka without the login.

    Args:
        settings: of the processor.
        brokers: as `host:port,host:port`.
    """
    return {
        "bootstrap.servers": brokers,
        "client.id": f"{settings.edge_namespace}.{settings.edge_site}.processor",
        # Each record once and in order, as long as one producer runs.
        "enable.idempotence": True,
        "acks": "all",
        # A record that fails ends the producer. Otherwise those behind it would overtake it.
        "enable.gapless.guarantee": True,
        # No time limit: a record that expires in an outage would be missing in the order.
        "message.timeout.ms": 0,
        "request.timeout.ms": REQUEST_MILLISECONDS,
        "socket.timeout.ms": REQUEST_MILLISECONDS,
        "socket.connection.setup.timeout.ms": CONNECT_MILLISECONDS,
        "socket.keepalive.enable": True,
        "socket.nagle.disable": True,
        "reconnect.backoff.ms": 100,
        "reconnect.backoff.max.ms": RECONNECT_MILLISECONDS,
        "linger.ms": LINGER_MILLISECONDS,
        "batch.size": BATCH_BYTES,
        "batch.num.messages": BATCH_MESSAGES,
        "message.max.bytes": RECORD_BYTES,
        "queue.buffering.max.messages": QUEUE_MESSAGES,
        "queue.buffering.max.kbytes": QUEUE_KIB,
        "compression.type": COMPRESSION,
        "compression.level": COMPRESSION_LEVEL,
        # The partitions that Java clients and Kafka Streams choose for a key.
        "partitioner": "murmur2_random",
        "topic.metadata.propagation.max.ms": 5_000,
        # Kafka closes an idle connection each 10 minutes: that is not an error.
        "log.connection.close": False,
    }
