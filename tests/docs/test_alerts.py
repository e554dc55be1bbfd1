"""docs/alerts.md: its command runs, its rules are valid, and what it says of bodies and times is so."""

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge_operator.api.processor import Rule
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.alerts import alertmanager_destination, webhook_destination
from edge_processor.sinks.alerts.alertmanager import REPEAT_SECONDS
from edge_processor.sinks.alerts.poster import MAX_ALERTS
from edge_processor.sinks.alerts.series import ENDS_AFTER, RESOLVED_FOR
from tests.edge_processor.sinks.alerts.documents import Firing, alert
from tests.edge_processor.sinks.http.far_end import far_end
from tests.support.alertmanager import Alertmanager, alertmanager_program
from tests.support.sources import ROOT

PAGE = (ROOT / "docs/alerts.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Alertmanager]:
    made = Alertmanager(alertmanager_program(), tmp_path / "alertmanager")
    made.start()
    yield made
    made.end()


def run(command: str, manager: Alertmanager) -> str:
    """Run a command of the page and return its stdout."""
    environment = {"PATH": "/usr/bin:/bin", "ALERTMANAGER": manager.url, "no_proxy": "*"}
    return subprocess.run(
        ["bash", "-ec", command], env=environment, capture_output=True, text=True, check=True, timeout=60
    ).stdout


@pytest.mark.process
async def test_the_command_of_the_page_shows_the_alerts_of_the_site(manager: Alertmanager) -> None:
    (command,) = [each.strip() for each in blocks("console") if "curl" in each]
    settings = ProcessorSettings(alertmanager_url=manager.url, edge_site="plant")
    sink = alertmanager_destination(settings, Firing())
    running = asyncio.create_task(sink.run())
    await sink.send_alerts([alert("pump-1"), alert("pump-2", severity="Info", number=2)])
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    (found,) = json.loads(await asyncio.to_thread(run, command, manager))
    assert found["labels"]["device_id"] == "pump-1"
    (labels,) = re.findall(r"^\| labels \| (.*) \|$", PAGE, re.MULTILINE)
    assert {*re.findall(r"`([a-z_]+)`", labels)} - {"info", "warning", "critical"} == {*found["labels"]}
    (annotations,) = re.findall(r"^\| annotations \| (.*) \|$", PAGE, re.MULTILINE)
    assert {*re.findall(r"`([a-z_]+)`", annotations)} == {*found["annotations"]}


@pytest.mark.process
async def test_the_webhook_s_body_has_the_members_of_the_page(tmp_path: Path) -> None:
    (shown,) = (json.loads(each) for each in blocks("json"))
    async with far_end(tmp_path) as end:
        await end.stop()
        await end.start(tls=False)
        sink = webhook_destination(ProcessorSettings(webhook_url=f"http://127.0.0.1:{end.port}"))
        running = asyncio.create_task(sink.run())
        await sink.send_alerts([alert("pump-1")])
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    (sent,) = (json.loads(body) for method, *_, body in end.requests if method == "POST")
    assert {*shown} == {*sent}
    assert {*shown["alerts"][0]} <= {*sent["alerts"][0]}


def test_the_rules_of_the_page_are_valid() -> None:
    specs: list[dict[str, Any]] = [yaml.safe_load(each)["spec"] for each in blocks("yaml")]
    (rules,) = (spec["processor"]["rules"] for spec in specs if "processor" in spec)
    assert [Rule.model_validate(rule).name for rule in rules] == ["oven-too-hot"]


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    assert f"every {REPEAT_SECONDS:.0f} seconds" in PAGE
    assert f"{ENDS_AFTER.seconds // 60} minutes from now" in PAGE
    assert f"for {RESOLVED_FOR.seconds // 60}\nminutes" in PAGE
    assert f"at most {MAX_ALERTS} alerts" in PAGE
