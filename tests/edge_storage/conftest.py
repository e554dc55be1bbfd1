"""A database of one's own, and a store that runs."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from edge_storage.database.connections import open_writer
from edge_storage.ingest.state import IngestState
from edge_storage.log.reader import LogReader
from edge_storage.log.segment_files import SegmentFiles
from edge_storage.log.tail import SealLimits
from tests.edge_storage.observing import Damage
from tests.edge_storage.running import RunningStore


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = open_writer(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def state() -> IngestState:
    return IngestState(SealLimits())


@pytest.fixture
def log(tmp_path: Path) -> LogReader:
    return LogReader(SegmentFiles(tmp_path), Damage())


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningStore]:
    async with RunningStore(tmp_path / "data") as store:
        yield store


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield session
