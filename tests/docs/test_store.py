"""docs/store.md: every command of the page runs, in its order, and every query is valid."""

import datetime as dt
import re
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from edge_storage.database.connections import open_writer
from edge_wire.store.reading_query import ReadingQuery
from tests.edge_storage.log.logs import add_batch, add_sealed
from tests.edge_storage.log.made_lines import NOON, line
from tests.edge_storage.running import RunningStore
from tests.support.sources import ROOT

PAGE = (ROOT / "docs/store.md").read_text()
KUBECTL = """kubectl() {
  while [ "$1" != -- ]; do shift; done
  shift
  [ "$1" = python3 ] || { echo "the image has no program $1" >&2; return 127; }
  case "$*" in *" restore "*) STORAGE_PATH=$PWD/new "$@" ;; *) "$@" ;; esac
}
"""
"""Runs the command in this directory instead of a pod; a restore in a pod has another volume."""


def commands() -> list[str]:
    blocks = re.findall(r"^ *```console\n(.*?)^ *```$", PAGE, re.DOTALL | re.MULTILINE)
    return [each.strip() for block in blocks for each in block.splitlines()]


def run(command: str, here: Path, directory: Path) -> str:
    """Run a command in `here` and return its stdout; the store is in `directory`."""
    done = subprocess.run(
        ["bash", "-ec", KUBECTL + command.replace("--data /data", f"--data {directory}")],
        cwd=here,
        env={"PATH": f"{ROOT / '.edge/venv/bin'}:/usr/bin:/bin", "STORAGE_PATH": str(directory)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


@pytest.mark.process
async def test_every_command_of_the_page_runs(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    directory.mkdir()
    lines = [
        line(f"pump-{number % 2}", NOON + 1000 * number, number, sensor_type="temperature") for number in range(1, 501)
    ]
    with closing(open_writer(directory)) as connection:
        add_sealed(connection, directory, lines[:400])
        add_batch(connection, lines[400:])
    told: dict[str, str] = {}
    async with RunningStore(directory):
        for command in commands():
            told[command] = run(command, tmp_path, directory)
    assert len((tmp_path / "readings.ndjson").read_text().splitlines()) == 500
    assert len((tmp_path / "pump-1.ndjson").read_text().splitlines()) == 250
    assert (tmp_path / "new/edge.db").is_file()
    tables = [text.splitlines() for command, text in told.items() if " query " in command]
    assert [len(each) for each in tables] == [3, 6, 2]
    assert len(told) == 10


def test_every_query_of_the_page_is_valid() -> None:
    queries = re.findall(r"/readings\?([^`]+)`", PAGE)
    assert len(queries) == 3
    names = {"from": "begin", "to": "end", "type": "sensor_type"}
    for query in queries:
        given = {names.get(name, name): value for name, value in parse_qsl(query, strict_parsing=True)}
        ReadingQuery.parse(**given, now=dt.datetime.now(dt.UTC))
