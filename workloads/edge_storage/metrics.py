"""Metrics of the store."""

from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from edge_storage.database.connections import FILE

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
        self._letters_deleted = Counter("edge_storage_dead_letters_deleted", "Dead letters deleted.", registry=registry)
        self._resent = Counter(
            "edge_storage_dead_letters_resent",
            "Dead letters sent again, by result (stored, rejected; marked: its sink delivers it again).",
            ["result"],
            registry=registry,
        )
        self._sink_letters = Counter(
            "edge_storage_sink_dead_letters",
            "Readings and alerts that the destination of a sink rejected, by sink.",
            ["sink"],
            registry=registry,
        )
        self._seconds = Histogram(
            "edge_storage_transaction_seconds", "Duration of a transaction.", registry=registry, buckets=_SECONDS
        )
        self._requests = Histogram(
            "edge_storage_transaction_requests", "Requests in a transaction.", registry=registry, buckets=_REQUESTS
        )
        self._failed = Counter(
            "edge_storage_failed_transactions", "Transactions that failed to commit.", registry=registry
        )
        self._damaged = Counter(
            "edge_storage_damaged_chunks",
            "Chunks of sealed readings that could not be read, each time that a query needed one.",
            registry=registry,
        )
        self._set_aside = Counter(
            "edge_storage_set_aside_files",
            "Damaged files that the store renamed at its start, so that it could continue without them.",
            registry=registry,
        )
        self._sealed = Counter("edge_storage_sealed_readings", "Readings written to segments.", registry=registry)
        self._sealed_bytes = Counter("edge_storage_sealed_bytes", "Bytes of the written segments.", registry=registry)
        self._seal_seconds = Histogram(
            "edge_storage_seal_seconds", "Seconds to write a segment.", registry=registry, buckets=_SECONDS
        )
        self._dropped = Counter(
            "edge_storage_dropped_readings",
            "Readings that retention dropped, by whether every sink had received them.",
            ["forwarded"],
            registry=registry,
        )
        self._dropped_alerts = Counter(
            "edge_storage_dropped_alerts",
            "Alerts that retention deleted before every sink had received them.",
            registry=registry,
        )
        self._deleted = Counter(
            "edge_storage_deleted_rows",
            "Dead letters, alerts and final commands that retention deleted, by table.",
            ["table"],
            registry=registry,
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

    def damaged_chunk(self) -> None:
        """Count a chunk that could not be read."""
        self._damaged.inc()

    def set_aside(self, files: int) -> None:
        """Count a number of damaged `files` that were set aside."""
        self._set_aside.inc(files)

    def sealed(self, readings: int, file_bytes: int, seconds: float) -> None:
        """Count a new segment with its number of `readings`, its `file_bytes` and the `seconds` that it took."""
        self._sealed.inc(readings)
        self._sealed_bytes.inc(file_bytes)
        self._seal_seconds.observe(seconds)

    def dead_letters_deleted(self, count: int) -> None:
        """Count deleted dead letters."""
        self._letters_deleted.inc(count)

    def dead_letter_resent(self, result: str) -> None:
        """Count a dead letter that was sent again: its `result` is stored, rejected or marked."""
        self._resent.labels(result).inc()

    def sink_dead_letters(self, sink: str, count: int) -> None:
        """Count new dead letters of a sink."""
        self._sink_letters.labels(sink).inc(count)

    def dropped(self, readings: int, *, is_forwarded: bool) -> None:
        """Count a number of `readings` that retention dropped."""
        self._dropped.labels("true" if is_forwarded else "false").inc(readings)

    def dropped_alerts(self, alerts: int) -> None:
        """Count a number of `alerts` that retention dropped before every sink had received them."""
        self._dropped_alerts.inc(alerts)

    def deleted(self, table: str, rows: int) -> None:
        """Count a number of `rows` of a table that retention deleted."""
        self._deleted.labels(table).inc(rows)

    def stored(self, readings: int, duplicates: int, rejected: Mapping[str, int]) -> None:
        """Count what a request stored: numbers of `readings`, `duplicates`, and `rejected` messages by their reason."""
        self._readings.inc(readings)
        if duplicates:
            self._duplicates.inc(duplicates)
        for reason, count in rejected.items():
            self._rejected.labels(reason).inc(count)


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in (directory / FILE, directory / f"{FILE}-wal") if path.exists())
