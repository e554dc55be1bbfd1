"""`edge-storage export` and `edge-storage query`: readings of a store or a backup, as NDJSON or as a table."""

import datetime as dt
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import orjson

from edge_service.commands import CommandError
from edge_storage.cli.opened import OpenedStore, opened
from edge_storage.log.buckets import summaries
from edge_storage.log.line import TIME_CHARACTERS, device_id_of, head, timestamp_of
from edge_storage.log.selection import TypeFilter, selection_of, time_text
from edge_storage.log.time_query import STREAM_BYTES, STREAM_LINES, TimeQuery
from edge_wire.store.reading_query import Buckets, QueryError, ReadingQuery


def parse_query(**given: str | None) -> ReadingQuery:
    """Return the query that the arguments of a command ask for.

    Raises:
        CommandError: one of them is wrong.
    """
    try:
        return ReadingQuery.parse(**given, now=dt.datetime.now(dt.UTC))
    except QueryError as error:
        raise CommandError(str(error)) from error


def export(directory: Path, device_id: str | None, query: ReadingQuery) -> None:
    """Write readings to stdout as NDJSON: of one device by time, or of all devices in the order of their offsets.

    Args:
        directory: of the store, which may run, or of a backup.
        device_id: of the readings; None for all devices.
        query: which of them.

    Raises:
        CommandError: it cannot be read, or a part of it is damaged.
    """
    with opened(directory) as store:
        write = sys.stdout.buffer.write
        for line in _lines(store, device_id, query):
            write(line + b"\n")
        if store.damage.chunks:
            raise CommandError(f"{store.damage.chunks} chunks are damaged and were skipped: see the messages above")


def show(directory: Path, device_id: str | None, query: ReadingQuery, limit: int) -> None:
    """Write a table: of the devices, or of the readings or buckets of one device.

    Args:
        directory: of the store, which may run, or of a backup.
        device_id: of the readings; None lists the devices.
        query: which readings.
        limit: maximum number of rows.

    Raises:
        CommandError: it cannot be read.
    """
    with opened(directory) as store:
        if device_id is None:
            _table(("DEVICE", "SEALED READINGS", "FROM", "TO"), list(islice(_devices(store), limit)))
        elif query.buckets is not None:
            _table(("FROM", "TYPE", "VALUE", "UNIT", "COUNT"), list(islice(_buckets(store, device_id, query), limit)))
        else:
            rows = [_row(line) for line in islice(_lines(store, device_id, query), limit)]
            _table(("TIME", "TYPE", "VALUE", "UNIT"), rows)


def _lines(store: OpenedStore, device_id: str | None, query: ReadingQuery) -> Iterator[bytes]:
    if device_id is not None:
        yield from TimeQuery(store.log).stream(store.connection, selection_of(device_id, query))
        return
    first, last = selection_of("", query).window()
    offset = 0
    filters: dict[int, TypeFilter] = {}
    while page := store.log.read_after(store.connection, offset, STREAM_LINES, STREAM_BYTES):
        offset = page[-1][0]
        for _, line in page:
            if first <= timestamp_of(line) < last and _matches(line, query.sensor_type, filters):
                yield line


def _matches(line: bytes, sensor_type: str | None, filters: dict[int, TypeFilter]) -> bool:
    if sensor_type is None:
        return True
    position = len(head(device_id_of(line).decode())) + TIME_CHARACTERS
    found = filters.get(position)
    if found is None:
        found = filters[position] = TypeFilter(sensor_type, position)
    return found(line)


def _devices(store: OpenedStore) -> Iterator[tuple[str, ...]]:
    rows = store.connection.execute(
        "SELECT name, coalesce(sum(count), 0), min(measured_from), max(measured_to) FROM device"
        " LEFT JOIN chunk ON chunk.device = device.number GROUP BY name ORDER BY name"
    )
    for name, count, first, last in rows:
        yield name, str(count), _time(first), _time(last)


def _time(milliseconds: int | None) -> str:
    return "-" if milliseconds is None else time_text(milliseconds).decode()


def _buckets(store: OpenedStore, device_id: str, query: ReadingQuery) -> Iterator[tuple[str, ...]]:
    buckets = query.buckets or Buckets(1)
    for bucket in summaries(_lines(store, device_id, query), device_id, buckets):
        for each in bucket:
            found = each.to_object()
            yield str(found["from"]), each.sensor_type, f"{each.value:g}", each.unit, str(each.count)


def _row(line: bytes) -> tuple[str, ...]:
    reading = orjson.loads(line)
    return reading["timestamp"], reading["sensor_type"], f"{reading['value']:g}", reading["unit"]


def _table(head_: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in (head_, *rows)) for column in range(len(head_))]
    for row in (head_, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    if not rows:
        sys.stderr.write("no readings were found\n")
