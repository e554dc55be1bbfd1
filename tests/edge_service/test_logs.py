"""Logs of the site's programs."""

import json
import logging
from collections.abc import Iterator

import pytest

from edge_service import logs


@pytest.fixture
def root_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def test_configured_logs_go_to_stderr(root_restored: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    logging.getLogger("edge").info("here")
    logging.getLogger("edge").debug("not here")
    assert [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()] == ["here"]
