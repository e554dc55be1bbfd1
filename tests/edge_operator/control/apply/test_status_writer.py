"""The status: written onto the version that it was computed from, only if it differs, and known before its event."""

import datetime as dt
from functools import partial
from typing import Any, cast

import pytest

from edge_operator.cluster.clock import wall_clock
from edge_operator.cluster.errors import ApiError, NotLeaderError, UnreachableError
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.apply.events import Events
from edge_operator.control.apply.status_writer import EDGE_SITE, StatusWriter
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.loop.informers import Informers
from edge_operator.status.events import site_events
from edge_operator.status.facts import ComponentFacts, SiteFacts
from edge_operator.status.site import site_update
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.control.fake_client import FakeClient, site_body

NOW = dt.datetime(2026, 7, 1, 12, 0, tzinfo=dt.UTC)

FACTS = SiteFacts(1, components=(ComponentFacts("gateway", "i", 1, 1, rolled_out=True),))
SITE = ("ns", "hall")


class Server(FakeClient):
    """Takes statuses as an API server does; the event of a write may come before the response to it."""

    def __init__(self, *events: dict[str, Any], error: Exception | None = None) -> None:
        super().__init__(error)
        self.informers = Informers(wall_clock)
        self._events = events

    async def write(self, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        await super().write(method, path, body, **more)
        for event in self._events:
            self.informers.sites.put(event)
        return site_body(8, status=body["status"]) if method == "PATCH" else {}


async def written(server: Server, site: dict[str, Any] | None = None) -> bool:
    """Write the status of a site that is stored and was reconciled; return whether it is up to date."""
    informers, client = server.informers, server.as_client()
    informers.sites.put(site or site_body(7))
    await informers.site_queue.get()
    informers.site_queue.done(SITE)
    events = Events(client, "me", lambda: NOW, Metrics())
    writer = StatusWriter(EDGE_SITE, informers.sites, ObjectClient(client), events, lambda: NOW)
    return await writer.write(cast("CachedSite", informers.sites.get(SITE)), partial(site_update, FACTS), site_events)


async def test_status_is_written_onto_the_version_it_was_computed_from_and_not_again() -> None:
    server = Server()
    assert await written(server)
    (method, path, manifest), event = server.written
    assert (method, path.endswith("/edgesites/hall/status")) == ("PATCH", True)
    assert manifest["metadata"] == {"name": "hall", "namespace": "ns", "resourceVersion": "7"}
    assert event[1].endswith("/events")
    again = Server()
    assert await written(again, site_body(8, status=manifest["status"]))
    assert again.written == []


STATUS = site_update(FACTS, {}, "2026-07-01T12:00:00Z")
BEFORE_RESPONSE: dict[str, tuple[list[dict[str, Any]], int]] = {
    "nothing": ([], 0),
    "its own event": ([site_body(8, status=STATUS)], 0),
    "its own event, with a condition of somebody else": (
        [site_body(8, status={**STATUS, "conditions": [*STATUS["conditions"], {"type": "Other"}]})] if STATUS else [],
        0,
    ),
    "its own event, then an edit": ([site_body(8, status=STATUS), site_body(9, status={"phase": "Ready"})], 1),
    "an edit, in one event with its own": ([site_body(9, status={"phase": "Ready"})], 1),
    "a change of the spec, in one event with its own": (
        [{**site_body(9, status=STATUS), "metadata": {**site_body(9)["metadata"], "generation": 2}}],
        1,
    ),
}


@pytest.mark.parametrize(("events", "enqueued"), BEFORE_RESPONSE.values(), ids=BEFORE_RESPONSE)
async def test_own_write_causes_no_reconcile_and_an_edit_does(events: list[dict[str, Any]], enqueued: int) -> None:
    server = Server(*events)
    assert await written(server)
    assert len(server.informers.site_queue) == enqueued


async def test_own_write_is_stored_before_its_event_and_an_edit_after_it_is_seen() -> None:
    server = Server()
    await written(server)
    site = server.informers.sites.get(SITE)
    assert site is not None
    assert (site.metadata["resourceVersion"], site.status) == ("8", STATUS)
    server.informers.sites.put(site_body(8, status=STATUS))
    assert len(server.informers.site_queue) == 0
    server.informers.sites.put(site_body(9, status={}))
    assert len(server.informers.site_queue) == 1


@pytest.mark.parametrize(
    ("error", "up_to_date"),
    [
        pytest.param(ApiError(409, "", ""), False, id="changed meanwhile"),
        pytest.param(ApiError(404, "", ""), True, id="deleted"),
        pytest.param(ApiError(403, "", "", ("NamespaceTerminating",)), True, id="namespace terminating"),
    ],
)
async def test_status_of_what_has_changed_or_gone_is_left(error: ApiError, *, up_to_date: bool) -> None:
    assert await written(Server(error=error)) is up_to_date


@pytest.mark.parametrize("error", [ApiError(500, "", ""), UnreachableError("x"), NotLeaderError("x")])
async def test_status_that_could_not_be_written_is_tried_again_by_the_queue(error: Exception) -> None:
    server = Server(error=error)
    with pytest.raises(type(error)):
        await written(server)
    server.informers.sites.put(site_body(8, status=STATUS))
    assert len(server.informers.site_queue) == 1, "whose status that is nobody knows"
