"""What a tool at the far end writes is what the checker reads, also while a line is being written."""

import json
from pathlib import Path

import pytest

from benchmarks.crash.evidence import Alert, Arrival, Key
from benchmarks.crash.sinks.lines import SinkFile, alert_line, digest, reading_line

READING = json.dumps({"device_id": "d1", "session": "s", "seq": 4, "offset": 9}).encode()
ALERT = json.dumps({"device_id": "d1", "alert_id": "a", "state": "firing"}).encode()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = SinkFile(tmp_path / "arrived")
    assert file.read() == 0
    whole = reading_line("a/b", "log", READING, 9) + alert_line(ALERT)
    file.path.write_bytes(whole[:-5])
    assert file.read() == 1
    file.path.write_bytes(whole)
    assert file.read() == 1
    evidence = file.take(3)
    assert evidence.readings == [Arrival("a/b", "log", 9, Key("d1", "s", 4), digest(READING))]
    assert evidence.alerts == [Alert("d1", "a", "firing", digest(ALERT))]
    assert evidence.dead_letters == 3
    assert file.take(0).readings == []


def test_a_header_with_another_offset_is_an_error() -> None:
    with pytest.raises(AssertionError, match="the header has the offset 8"):
        reading_line("a/b", "log", READING, 8)
