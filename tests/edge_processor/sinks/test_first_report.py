"""Before its first attempt a sink reports no error: the operator then keeps the state that it knows."""

from typing import Any

import pytest

from edge_processor.delivery.sink_reporter import SinkState
from edge_processor.settings import ProcessorSettings
from edge_wire.messages.sinks import SinkReport
from tests.edge_processor.sinks.at_work import built_of

SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "https": ("cloud", {"cloud_endpoint": "https://127.0.0.1:1/edge"}),
    "mqtts": ("cloud", {"cloud_endpoint": "mqtts://127.0.0.1:1/plant-1"}),
    "kafka": ("kafka", {"kafka_broker": "127.0.0.1:1"}),
    "alertmanager": ("alertmanager", {"alertmanager_url": "http://127.0.0.1:1"}),
    "webhook": ("webhook", {"webhook_url": "http://127.0.0.1:1"}),
}


@pytest.mark.parametrize("kind", SETTINGS)
async def test_the_first_report_has_no_error(kind: str) -> None:
    name, settings = SETTINGS[kind]
    built = built_of(ProcessorSettings(**settings))
    (sink,) = built.external
    first = SinkReport(name, connected=False)
    assert SinkState(sink).report(0.0) == first
    # As `run` does when the store has the list of sinks.
    sink._parts = sink._build()  # noqa: SLF001 - the moment between that and the first attempt
    assert SinkState(sink).report(0.0) == first
