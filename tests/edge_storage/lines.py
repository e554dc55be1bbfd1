"""What a store has on the disk, read while it does not run."""

import contextlib
from pathlib import Path
from typing import Any

import orjson

from edge_storage.database.connections import FILE, open_reader
from edge_storage.log.reader import LogReader
from edge_storage.log.segment_files import SegmentFiles
from tests.edge_storage.observing import Damage


def set_aside(directory: Path) -> list[Path]:
    """Return the damaged databases that the store has renamed."""
    return list(directory.glob(f"{FILE}.corrupt-*Z"))


def lines_of(directory: Path) -> list[dict[str, Any]]:
    """Return all readings in the order of their offsets; none of them may be damaged."""
    damage = Damage()
    with contextlib.closing(open_reader(directory)) as connection:
        numbered = LogReader(SegmentFiles(directory), damage).read_after(connection, 0, 10**9, 10**12)
    assert damage.chunks == 0
    readings = [orjson.loads(line) for _, line in numbered]
    assert [reading["offset"] for reading in readings] == [offset for offset, _ in numbered]
    return readings
