"""When and what the processor reports of the store's volume; and the report on the broker."""

import asyncio
import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from edge_processor.storage_reporter import FIGURES_SECONDS, is_due, report_of
from edge_wire.messages import StorageReport
from tests.edge_processor.site import Site

NOW = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
REPORT = StorageReport(used_bytes=1000)
ANSWER: dict[str, Any] = {
    "bytes": 4096,
    "set_aside": [],
    "dropped": {"forwarded": 7, "unforwarded": 0, "unforwarded_at": None},
    "problem": None,
}


@pytest.mark.parametrize(
    ("changes", "seconds", "due"),
    [
        ({}, 3600.0, False),
        ({"used_bytes": 1100}, 3600.0, False),
        ({"used_bytes": 1101}, FIGURES_SECONDS, True),
        ({"used_bytes": 1101}, FIGURES_SECONDS - 1, False),
        ({"used_bytes": 0}, FIGURES_SECONDS, True),
        ({"dropped_readings": 1}, FIGURES_SECONDS, True),
        ({"capacity_bytes": 1 << 30}, FIGURES_SECONDS, True),
        ({"capacity_bytes": 1 << 30}, FIGURES_SECONDS - 1, False),
        ({"oldest_received_at": NOW}, 3600.0, False),
        ({"problem": "disk full"}, 0.0, True),
        ({"set_aside": "edge.db.corrupt-1"}, 0.0, True),
        ({"dropped_at": NOW, "dropped_readings": 1}, 0.0, True),
    ],
)
def test_when_it_is_due(changes: dict[str, Any], seconds: float, *, due: bool) -> None:
    assert is_due(REPORT, replace(REPORT, **changes), seconds) is due


def test_the_first_is_due_and_the_words_of_a_problem_are_no_news() -> None:
    assert is_due(None, REPORT, 0.0)
    full = replace(REPORT, problem="disk full")
    assert not is_due(full, replace(full, problem="still full"), 3600.0)
    assert is_due(full, REPORT, 0.0)


def test_what_the_store_answers() -> None:
    assert report_of(ANSWER, NOW) == StorageReport(4096)
    recent = {"forwarded": 0, "unforwarded": 3, "unforwarded_at": "2026-11-29T13:00:00.000Z"}
    old = recent | {"unforwarded_at": "2026-11-29T11:00:00.000Z"}
    assert report_of(ANSWER | {"dropped": recent}, NOW).dropped_at == NOW - dt.timedelta(hours=23)
    assert report_of(ANSWER | {"dropped": old}, NOW) == StorageReport(4096, 3)
    whole = ANSWER | {"capacity": 1 << 30, "oldest_received_at": "2026-11-30T12:00:00.000Z"}
    assert report_of(whole, NOW) == StorageReport(4096, capacity_bytes=1 << 30, oldest_received_at=NOW)
    aside = [{"file": "edge.db.corrupt-1"}, {"file": "edge.db.corrupt-2"}]
    assert report_of(ANSWER | {"set_aside": aside, "problem": "full"}, NOW) == StorageReport(
        4096, problem="full", set_aside="edge.db.corrupt-2"
    )


@pytest.mark.process
async def test_the_report_is_retained_on_the_broker(site: Site) -> None:
    await asyncio.to_thread(lambda: site.processor().start().await_ready())
    async with site.listener("~operator", "edge/status/processor") as heard:
        await heard.until(
            lambda: any("storage" in each and "sinks" in each for each in heard.payloads("edge/status/processor"))
        )
        status = heard.payloads("edge/status/processor")[-1]
    assert status["status"] == "online"
    report = StorageReport.from_object(status["storage"])
    assert report.capacity_bytes > report.used_bytes >= 4096
    assert status["sinks"] == []
