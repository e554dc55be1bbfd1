"""The pytest plugin of a lane (`-p e2e.testrun.recorder`): writes what happens to each test, as it happens.

The file named by EDGE_TEST_RECORD gets a JSON object a line. A lane that is killed has then still said what it ran, and
which test it was at.
"""

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import TextIO

import pytest

RECORD = "EDGE_TEST_RECORD"


class Recorder:
    """Writes the records of one test session.

    Args:
        out: where they go.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write how many tests there are."""
        self._write(event="collected", count=len(session.items))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Write that a file could not be collected."""
        if report.failed:
            self._write(event="ended", test=report.nodeid, outcome="failed", seconds=0.0)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Write that a test begins."""
        self._write(event="began", test=item.nodeid)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write how a phase of a test ended: set-up, call or teardown."""
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
        self._write(
            event="phase",
            test=report.nodeid,
            phase=report.when,
            outcome=report.outcome,
            seconds=round(report.duration, 3),
            reason=reason,
        )

    def pytest_sessionfinish(self) -> None:
        """Write that the session came to its end."""
        self._write(event="finished")

    def _write(self, **record: object) -> None:
        self._out.write(json.dumps(record) + "\n")
        self._out.flush()


def pytest_configure(config: pytest.Config) -> None:
    """Record if the environment says where."""
    if path := os.environ.get(RECORD):
        # Open until the process ends: a kill must not cost what was written.
        out = Path(path).open("a", encoding="utf-8")  # noqa: SIM115
        config.pluginmanager.register(Recorder(out), "edge-test-recorder")
