"""The files for Mosquitto: whole or as before, whenever the writer is killed."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge_broker_agent.errors import RejectedError
from edge_broker_agent.files import AuthFiles
from tests.edge_broker_agent.certificates import issue

pytestmark = pytest.mark.process

KILLS = 15
SIZE = 2_000_000
WRITER = f"""
import pathlib, sys
from edge_broker_agent.files import AuthFiles
files = AuthFiles(pathlib.Path(sys.argv[1]))
files.prepare()
files.write_passwords(b"0" * {SIZE})
print(flush=True)
while True:
    for letter in (b"1", b"2"):
        files.write_passwords(letter * {SIZE})
"""


def test_killed_in_the_middle_of_writing_it_leaves_a_whole_file(tmp_path: Path) -> None:
    moments = random.Random(3)
    files = AuthFiles(tmp_path / "auth")
    drafts = 0
    for _ in range(KILLS):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "auth")], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(moments.uniform(0, 0.02))
            writer.kill()
        drafts += len(list((tmp_path / "auth").glob("*.draft")))
        content = files.passwords()
        assert content is not None
        assert len(content) == SIZE
        assert len(set(content)) == 1
    assert drafts, "none was killed in the middle: the test shows nothing"
    files.prepare()
    assert [each.name for each in (tmp_path / "auth").iterdir()] == ["passwords"]


@pytest.mark.parametrize("length", [None, 0, 300], ids=["missing", "empty", "cut off"])
def test_a_certificate_that_cannot_be_used_is_none(tmp_path: Path, length: int | None) -> None:
    files = AuthFiles(tmp_path / "auth")
    files.prepare()
    if length is not None:
        pair = issue("first")
        (tmp_path / "auth" / "tls.pem").write_bytes((pair.certificate + pair.key)[:length])
    assert files.certificate() is None


def test_a_key_of_another_certificate_changes_nothing(tmp_path: Path) -> None:
    files = AuthFiles(tmp_path / "auth")
    files.prepare()
    good = issue("first")
    files.write_certificate(good.certificate + good.key)
    with pytest.raises(RejectedError, match="its own key"):
        files.write_certificate(issue("second").certificate + good.key)
    assert files.certificate() == good.certificate + good.key
    assert [each.name for each in (tmp_path / "auth").iterdir()] == ["tls.pem"]


def test_nobody_else_can_read_the_files(tmp_path: Path) -> None:
    files = AuthFiles(tmp_path / "auth")
    files.prepare()
    files.write_passwords(b"")
    assert (tmp_path / "auth").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "auth" / "passwords").stat().st_mode & 0o777 == 0o600
