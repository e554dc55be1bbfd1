import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from edge_operator.telemetry.logs import OperatorFormatter, about, configure


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    stream, handler = io.StringIO(), logging.StreamHandler()
    handler.setStream(stream)
    handler.setFormatter(OperatorFormatter())
    logger = logging.getLogger("test")
    logger.addHandler(handler)
    logger.propagate = False
    yield stream
    logger.removeHandler(handler)
    logger.propagate = True


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


logger = logging.getLogger("test")


def test_line_has_time_level_logger_and_object(stream: io.StringIO) -> None:
    logger.warning("reconcile of %d failed", 3, extra=about("EdgeSite", "ns", "hall"))
    (line,) = lines(stream)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "warning",
        "logger": "test",
        "message": "reconcile of 3 failed",
        "object": "EdgeSite ns/hall",
    }


def test_object_of_kopf(stream: io.StringIO) -> None:
    logger.warning("x", extra={"k8s_ref": {"kind": "EdgeSite", "namespace": "ns", "name": "hall"}})
    assert lines(stream)[0]["object"] == "EdgeSite ns/hall"


def test_exception_is_one_line_and_names_its_object(stream: io.StringIO) -> None:
    try:
        int("two\nlines")
    except ValueError:
        logger.exception("failed", extra=about("EdgeSite", "ns", "hall"))
    (line,) = lines(stream)
    assert "ValueError: invalid literal" in line["error"]
    assert "Traceback" in line["error"]
    assert line["object"] == "EdgeSite ns/hall"


@pytest.mark.parametrize("message", ["two\nlines", 'quo"ted', "tab\t\x00\x1b", "\u2028é𝄞", "\ud800", "%s %"])
def test_any_message_is_one_line(stream: io.StringIO, message: str) -> None:
    logger.warning("%s", message)
    assert [line["message"] for line in map(json.loads, stream.getvalue().rstrip("\n").split("\n"))] == [message]


def test_wrong_arguments_lose_nothing() -> None:
    record = logging.LogRecord("test", logging.WARNING, "file", 1, "%d sites of %s", ("no number", "x"), None)
    assert json.loads(OperatorFormatter().format(record))["message"] == "%d sites of %s ('no number', 'x')"


def test_configured_logs_go_to_stderr_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    kopf_level = logging.getLogger("kopf.objects").level
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            configure("warning")
            warnings.warn("the serial is negative", UserWarning, stacklevel=1)
        assert isinstance(root.handlers[0], logging.StreamHandler)
        assert root.handlers[0].stream is sys.stderr
        logging.getLogger("anything").info("hidden")
        logging.getLogger("anything").warning("shown")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.getLogger("kopf.objects").setLevel(kopf_level)
        logging.captureWarnings(capture=False)
    warned, shown = [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()]
    assert "UserWarning: the serial is negative" in warned
    assert shown == "shown"
