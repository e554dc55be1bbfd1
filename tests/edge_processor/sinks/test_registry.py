"""Which sinks the settings ask for, and what becomes of settings that cannot be used."""

import inspect
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edge_processor.delivery.forwarding import ForwardingRule
from edge_processor.delivery.lanes.lane import LaneOptions
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks import registry
from tests.edge_processor.sinks.at_work import built_of

HTTPS: dict[str, Any] = {"cloud_endpoint": "https://cloud.test/edge"}


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
async def test_what_is_configured_is_built(settings: dict[str, Any], names: list[str], readings: list[str]) -> None:
    sinks = built_of(ProcessorSettings(**settings))
    assert [sink.name for sink in sinks.external] == names
    assert [sink.name for sink in sinks.all] == ["outbox", "sensors", *names]
    assert [sink.name for sink in sinks.external if sink.ledger is not None] == readings


@pytest.mark.parametrize("name", registry.FACTORIES)
def test_the_function_of_a_destination_takes_what_it_gets(name: str) -> None:
    module, function, arguments = registry.FACTORIES[name]
    factory = getattr(pytest.importorskip(module), function)
    assert tuple(inspect.signature(factory).parameters) == ("settings", *arguments)


@pytest.mark.parametrize(
    ("name", "endpoint", "live", "backlog"),
    [
        ("cloud", "https://c", LaneOptions(500, linger_seconds=0.25), LaneOptions(2000)),
        ("cloud", "mqtts://c:8883", LaneOptions(500), LaneOptions(500)),
        ("kafka", "https://c", LaneOptions(500, linger_seconds=0.1), LaneOptions(2000)),
    ],
)
def test_requests_and_records_wait_for_a_batch_and_messages_do_not(
    name: str, endpoint: str, live: LaneOptions, backlog: LaneOptions
) -> None:
    settings = ProcessorSettings(cloud_endpoint=endpoint)
    assert registry.lanes_of(name, settings) == (live, backlog)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"forwarding":[{"sensorType":"t","deadband":1}]}', {"t": ForwardingRule(Decimal(1))}),
        (
            '{"forwarding":[{"sensorType":"a","deadband":-1},{"sensorType":"t","deadband":1}]}',
            {"t": ForwardingRule(Decimal(1))},
        ),
        ('{"forwarding":[{"sensorType":"a","deadband":-1}]}', None),
        ('{"forwarding":[]}', None),
        ("{}", None),
        (None, None),
    ],
)
def test_forwarding_rules_that_cannot_be_used_hold_nothing_back(
    tmp_path: Path, content: str | None, expected: dict[str, ForwardingRule] | None, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "forwarding.json"
    if content is not None:
        file.write_text(content)
    assert registry.rules_of(ProcessorSettings(forwarding_file=file)) == expected
    assert any("rule a: deadband must be" in each for each in caplog.messages) == ("-1" in (content or ""))
    assert registry.rules_of(ProcessorSettings()) is None
