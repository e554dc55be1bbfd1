"""Which sinks the settings ask for, and what becomes of settings that cannot be used."""

import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edge_processor.delivery.forwarding import ForwardingRule
from edge_processor.delivery.lanes.lane import LaneOptions
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks import registry
from tests.edge_processor.sinks.at_work import built_of
from tests.edge_processor.sinks.test_external import FarEnd

HTTPS: dict[str, Any] = {"cloud_endpoint": "https://cloud.test/edge"}


@dataclass
class Built:
    """Modules with the factories of all destinations.

    Attributes:
        calls: names of the factories that were called, with the number of arguments.
        error: is raised by the next ones.
    """

    calls: list[tuple[str, int]]
    error: Exception | None = None

    def factory(self, name: str) -> Any:
        def build(*arguments: Any) -> FarEnd:
            self.calls.append((name, len(arguments)))
            if self.error is not None:
                raise self.error
            return FarEnd()

        return build


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> Built:
    made = Built([])
    for module, function in (
        ("cloud", "cloud_destination"),
        ("kafka", "kafka_destination"),
        ("alerts.alertmanager", "alertmanager_destination"),
        ("alerts.webhook", "webhook_destination"),
    ):
        fake = ModuleType(module)
        setattr(fake, function, made.factory(function))
        monkeypatch.setitem(sys.modules, f"edge_processor.sinks.{module}", fake)
    return made


@pytest.mark.parametrize(
    ("settings", "names", "readings"),
    [
        ({}, [], []),
        (HTTPS, ["cloud"], ["cloud"]),
        ({"output_sink": "kafka://k:9092"}, ["kafka"], ["kafka"]),
        ({"kafka_broker": "k:9092"}, ["kafka"], ["kafka"]),
        ({"alertmanager_url": "http://a", "webhook_url": "http://w"}, ["alertmanager", "webhook"], []),
        (HTTPS | {"webhook_url": "http://w", "kafka_broker": "k:1"}, ["cloud", "kafka", "webhook"], ["cloud", "kafka"]),
    ],
)
async def test_what_is_configured_is_built(
    built: Built, settings: dict[str, Any], names: list[str], readings: list[str]
) -> None:
    sinks = built_of(ProcessorSettings(**settings))
    assert [sink.name for sink in sinks.external] == names
    assert [sink.name for sink in sinks.all] == ["outbox", "sensors", *names]
    assert [sink.name for sink in sinks.external if sink.ledger is not None] == readings
    assert len(built.calls) == len(names)
    assert built.error is None


async def test_factories_get_what_they_need(built: Built) -> None:
    built_of(ProcessorSettings(**HTTPS, kafka_broker="k:1", alertmanager_url="http://a", webhook_url="http://w"))
    assert built.calls == [
        ("cloud_destination", 2),
        ("kafka_destination", 2),
        ("alertmanager_destination", 2),
        ("webhook_destination", 1),
    ]


async def test_settings_that_cannot_be_used_are_reported_and_end_nothing(built: Built) -> None:
    built.error = ValueError("CLOUD_ENDPOINT ftp://x: use https or mqtts")
    (sink,) = built_of(ProcessorSettings(cloud_endpoint="ftp://x")).external
    assert (sink.is_connected, sink.last_error) == (False, "CLOUD_ENDPOINT ftp://x: use https or mqtts")
    assert sink.ledger is not None, "its readings are kept for it"


@pytest.mark.parametrize(
    ("name", "endpoint", "live", "backlog"),
    [
        ("cloud", "https://c", LaneOptions(500, linger_seconds=0.25), LaneOptions(2000)),
        ("cloud", "mqtts://c:8883", LaneOptions(500), LaneOptions(500)),
        ("kafka", "https://c", LaneOptions(500), LaneOptions(2000)),
    ],
)
def test_requests_wait_for_a_batch_and_messages_do_not(
    name: str, endpoint: str, live: LaneOptions, backlog: LaneOptions
) -> None:
    settings = ProcessorSettings(cloud_endpoint=endpoint)
    assert registry.lanes_of(name, settings) == (live, backlog)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"forwarding":[{"sensorType":"t","deadband":1}]}', {"t": ForwardingRule(Decimal(1))}),
        ('{"forwarding":[]}', None),
        ("{}", None),
        (None, None),
    ],
)
def test_forwarding_rules_that_cannot_be_used_hold_nothing_back(
    tmp_path: Path, content: str | None, expected: dict[str, ForwardingRule] | None
) -> None:
    file = tmp_path / "forwarding.json"
    if content is not None:
        file.write_text(content)
    assert registry.rules_of(ProcessorSettings(forwarding_file=file)) == expected
    assert registry.rules_of(ProcessorSettings()) is None
