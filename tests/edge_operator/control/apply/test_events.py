"""Kubernetes Events: cut to the limit, counted if they cannot be written."""

import datetime as dt

import pytest

from edge_operator.cluster.errors import ApiError, NotLeaderError, UnreachableError
from edge_operator.control.apply.events import NOTE_LIMIT, Events
from edge_operator.control.cache.resource import CachedSite
from edge_operator.status.events import Event
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.control.fake_client import FakeClient, site_body

NOW = dt.datetime(2026, 7, 1, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("message", ["x" * 5000, "é" * 5000, "a" + "é" * 5000, "ab" + "𝄞" * 5000])
async def test_note_is_cut_at_bytes_and_never_inside_a_character(message: str) -> None:
    client = FakeClient()
    events = Events(client.as_client(), "i" * 500, lambda: NOW, Metrics())
    await events.post(CachedSite(site_body()), Event("Warning", "R", message))
    (_, path, event), *_ = client.written
    assert path == "/apis/events.k8s.io/v1/namespaces/ns/events"
    assert (event["type"], event["reason"], event["regarding"]["name"]) == ("Warning", "R", "hall")
    assert NOTE_LIMIT - 4 < len(event["note"].encode()) <= NOTE_LIMIT
    assert message.startswith(event["note"])
    assert len(event["reportingInstance"]) == 128
    assert event["eventTime"] == "2026-07-01T12:00:00.000000Z"


@pytest.mark.parametrize("error", [ApiError(403, "", "no"), UnreachableError("x"), NotLeaderError("x")])
async def test_event_that_cannot_be_written_is_counted_and_forgotten(error: Exception) -> None:
    metrics = Metrics()
    events = Events(FakeClient(error).as_client(), "me", lambda: NOW, metrics)
    await events.post(CachedSite(site_body()), Event("Normal", "R", "m"))
    assert metrics.registry.get_sample_value("edge_events_dropped_total") == 1
