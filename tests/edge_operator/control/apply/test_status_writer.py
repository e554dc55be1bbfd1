"""The status: written onto the version that it was computed from, and only if it differs."""

import datetime as dt
from functools import partial

import pytest

from edge_operator.cluster.errors import ApiError, NotLeaderError, UnreachableError
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.apply.events import Events
from edge_operator.control.apply.status_writer import EDGE_SITE, StatusWriter
from edge_operator.control.cache.resource import CachedSite
from edge_operator.status.events import site_events
from edge_operator.status.facts import ComponentFacts, SiteFacts
from edge_operator.status.site import site_update
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.control.fake_client import FakeClient, site_body

NOW = dt.datetime(2026, 7, 1, 12, 0, tzinfo=dt.UTC)

FACTS = SiteFacts(1, components=(ComponentFacts("gateway", "i", 1, 1, rolled_out=True),))


def writer(client: FakeClient) -> StatusWriter:
    events = Events(client.as_client(), "me", lambda: NOW, Metrics())
    return StatusWriter(EDGE_SITE, ObjectClient(client.as_client()), events, lambda: NOW)


async def test_status_is_written_onto_the_version_it_was_computed_from_and_not_again() -> None:
    client = FakeClient()
    await writer(client).write(CachedSite(site_body(7)), partial(site_update, FACTS), site_events)
    (method, path, manifest), event = client.written
    assert (method, path.endswith("/edgesites/hall/status")) == ("PATCH", True)
    assert manifest["metadata"] == {"name": "hall", "namespace": "ns", "resourceVersion": "7"}
    assert event[1].endswith("/events")
    again = FakeClient()
    await writer(again).write(
        CachedSite(site_body(8, status=manifest["status"])), partial(site_update, FACTS), site_events
    )
    assert again.written == []


@pytest.mark.parametrize(
    "error", [ApiError(409, "", ""), ApiError(404, "", ""), ApiError(403, "", "", ("NamespaceTerminating",))]
)
async def test_status_of_what_has_changed_or_gone_is_left(error: ApiError) -> None:
    await writer(FakeClient(error)).write(CachedSite(site_body()), partial(site_update, FACTS), site_events)


@pytest.mark.parametrize("error", [ApiError(500, "", ""), UnreachableError("x"), NotLeaderError("x")])
async def test_status_that_could_not_be_written_is_tried_again_by_the_queue(error: Exception) -> None:
    with pytest.raises(type(error)):
        await writer(FakeClient(error)).write(CachedSite(site_body()), partial(site_update, FACTS), site_events)
