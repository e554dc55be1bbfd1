"""Metrics of the store."""

from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from edge_storage.database.connections import FILE
from edge_storage.ingest.result import StoredMessages

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_REQUESTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class StorageMetrics:
    """The metrics of the store, in `registry`."""

    def __init__(self, registry: CollectorRegistry, directory: Path) -> None:
        self._readings = Counter("edge_storage_readings", "Readings stored.", registry=registry)
        self._duplicates = Counter(
            "edge_storage_duplicates", "Readings that were in the store already.", registry=registry
        )
        self._rejected = Counter("edge_storage_rejected", "Dead letters.", ["reason"], registry=registry)
        self._seconds = Histogram(
            "edge_storage_transaction_seconds", "Duration of a transaction.", registry=registry, buckets=_SECONDS
        )
        self._requests = Histogram(
            "edge_storage_transaction_requests", "Requests in a transaction.", registry=registry, buckets=_REQUESTS
        )
        self._failed = Counter(
            "edge_storage_failed_transactions", "Transactions that failed to commit.", registry=registry
        )
        size = Gauge("edge_storage_database_bytes", "Size of the database with its journal.", registry=registry)
        size.set_function(lambda: float(_size(directory)))

    def committed(self, requests: int, seconds: float) -> None:
        """Count a transaction with its number of requests and its duration in seconds."""
        self._requests.observe(requests)
        self._seconds.observe(seconds)

    def failed(self) -> None:
        """Count a transaction that could not be committed."""
        self._failed.inc()

    def stored(self, result: StoredMessages) -> None:
        """Count the readings and dead letters of a request."""
        self._readings.inc(sum(len(message.readings) for message in result.messages))
        self._duplicates.inc(sum(message.duplicates for message in result.messages))
        for message in result.messages:
            for one in message.rejected:
                self._rejected.labels(one.reason).inc()


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in (directory / FILE, directory / f"{FILE}-wal") if path.exists())
