"""The commands and their arguments."""

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from edge_service.commands import Command, CommandError
from edge_storage.cli.backup import back_up
from edge_storage.cli.reading import export, parse_query, show
from edge_storage.cli.restore import restore

DEFAULT_ROWS = 20
"""Number of rows of a table."""

_DATA_HELP = "directory of the store; by default STORAGE_PATH, else /data"


def _data(parser: ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("STORAGE_PATH") or "/data"), help=_DATA_HELP)


def _selection(parser: ArgumentParser) -> None:
    parser.add_argument("--device", metavar="ID", help="readings of this device only")
    parser.add_argument("--from", dest="begin", metavar="TIME", help="earliest timestamp, as 2026-01-31T12:00:00Z")
    parser.add_argument("--to", dest="end", metavar="TIME", help="end of the range, exclusive")
    parser.add_argument("--type", dest="sensor_type", metavar="TYPE", help="readings of this sensor type only")


def _backup_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "target", metavar="DIR|FILE", help="a new directory, a file that ends with .tar, or - for stdout"
    )
    _data(parser)


def _restore_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("source", metavar="DIR|FILE", help="a backup: a directory, a .tar file, or - for stdin")
    _data(parser)


def _export_arguments(parser: ArgumentParser) -> None:
    _selection(parser)
    _data(parser)


def _query_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("data", type=Path, metavar="DIR", help="a backup, or the directory of a store, which may run")
    _selection(parser)
    parser.add_argument("--every", metavar="DURATION", help="one value for each bucket of this length, such as 1m")
    parser.add_argument("--agg", metavar="HOW", help="the value of a bucket: avg (default), min, max or last")
    parser.add_argument("--order", metavar="HOW", help="asc or desc, by time; by default asc with --from or --to")
    parser.add_argument("--limit", type=int, default=DEFAULT_ROWS, metavar="N", help="maximum number of rows (20)")


def _export(given: Namespace) -> None:
    export(
        given.data,
        given.device,
        parse_query(begin=given.begin, end=given.end, sensor_type=given.sensor_type, order="asc"),
    )


def _query(given: Namespace) -> None:
    if given.limit < 1:
        raise CommandError("--limit must be 1 or more")
    query = parse_query(
        begin=given.begin,
        end=given.end,
        sensor_type=given.sensor_type,
        order=given.order,
        every=given.every,
        agg=given.agg,
    )
    show(given.data, given.device, query, given.limit)


COMMANDS = (
    Command(
        "backup",
        "Write a consistent backup of the store, also while it runs.",
        _backup_arguments,
        lambda given: back_up(given.data, given.target),
    ),
    Command(
        "restore",
        "Verify a backup and restore it into the empty directory of a store that does not run.",
        _restore_arguments,
        lambda given: restore(given.source, given.data),
    ),
    Command("export", "Write stored readings to stdout as NDJSON.", _export_arguments, _export),
    Command("query", "Show devices, readings or downsampled readings as a table.", _query_arguments, _query),
)
