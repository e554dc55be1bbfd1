"""Kubernetes Events: one for each transition, cut to the limit, counted if they cannot be written."""

import datetime as dt
from typing import Any

import pytest

from edge_operator.cluster.errors import ApiError, NotLeaderError, UnreachableError
from edge_operator.control.apply.events import NOTE_LIMIT, Events
from edge_operator.control.cache.resource import CachedSite
from edge_operator.status.device import DeviceFacts, device_update
from edge_operator.status.facts import Problem
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.control.fake_client import FakeClient, site_body

NOW = dt.datetime(2026, 7, 1, 12, 0, tzinfo=dt.UTC)


def status(phase: str, reason: str, message: str = "m") -> dict[str, Any]:
    return {"phase": phase, "conditions": [{"type": "Ready", "reason": reason, "message": message}]}


def device_status(*problems: Problem) -> dict[str, Any]:
    update = device_update(DeviceFacts(1, "pump", problems=problems), {}, "2026-07-01T12:00:00Z")
    assert update is not None
    return update


@pytest.mark.parametrize(
    ("before", "after", "severity"),
    [
        pytest.param({}, status("Progressing", "ComponentsNotReady"), "Normal", id="first"),
        pytest.param(status("Ready", "Reconciled"), status("Ready", "Reconciled", "other"), None, id="same"),
        pytest.param(status("Progressing", "X"), status("Ready", "Reconciled"), "Normal", id="phase"),
        pytest.param(status("Progressing", "X"), status("Progressing", "Y"), "Normal", id="reason"),
        pytest.param(status("Ready", "Reconciled"), status("Degraded", "X"), "Warning", id="fall"),
        pytest.param({}, device_status(Problem("SiteNotFound", "m")), "Warning", id="a device in need of somebody"),
        pytest.param({}, device_status(Problem("SiteNotReconciled", "m", lasting=False)), None, id="one that waits"),
        pytest.param({}, device_status(), None, id="a device that is ready"),
    ],
)
async def test_event_for_each_transition(before: dict[str, Any], after: dict[str, Any], severity: str | None) -> None:
    client = FakeClient()
    await Events(client.as_client(), "me", lambda: NOW, Metrics()).transition(CachedSite(site_body()), before, after)
    assert [event["type"] for _, _, event in client.written] == ([severity] if severity else [])


@pytest.mark.parametrize("message", ["x" * 5000, "é" * 5000, "a" + "é" * 5000, "ab" + "𝄞" * 5000])
async def test_note_is_cut_at_bytes_and_never_inside_a_character(message: str) -> None:
    client = FakeClient()
    events = Events(client.as_client(), "i" * 500, lambda: NOW, Metrics())
    await events.transition(CachedSite(site_body()), {}, status("Ready", "R", message))
    event = client.written[0][2]
    assert NOTE_LIMIT - 4 < len(event["note"].encode()) <= NOTE_LIMIT
    assert f"Ready: {message}".startswith(event["note"])
    assert len(event["reportingInstance"]) == 128
    assert event["eventTime"] == "2026-07-01T12:00:00.000000Z"


@pytest.mark.parametrize("error", [ApiError(403, "", "no"), UnreachableError("x"), NotLeaderError("x")])
async def test_event_that_cannot_be_written_is_counted_and_forgotten(error: Exception) -> None:
    metrics = Metrics()
    events = Events(FakeClient(error).as_client(), "me", lambda: NOW, metrics)
    await events.transition(CachedSite(site_body()), {}, status("Ready", "R"))
    assert metrics.registry.get_sample_value("edge_events_dropped_total") == 1
