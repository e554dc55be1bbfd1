"""The resync: finds what a watch has missed, and does not believe a list that lags."""

from collections.abc import Callable
from typing import Any

from edge_operator.cluster.errors import ApiError
from edge_operator.control.apply.status_writer import EDGE_SITE
from edge_operator.control.cache.resource_cache import SiteCache
from edge_operator.control.loop.resync import Resync
from tests.edge_operator.control.fake_client import FakeClient, site_body

KEY = ("ns", "hall")


class Server:
    """What the API server has of EdgeSites, and what its lagging list says."""

    def __init__(self, listed: list[dict[str, Any]], there: list[dict[str, Any]]) -> None:
        self.listed, self.there = listed, {each["metadata"]["name"]: each for each in there}
        self.on_get: Callable[[], None] = lambda: None

    def __call__(self, path: str) -> dict[str, Any]:
        if path.endswith("/edgesites"):
            return {"metadata": {}, "items": self.listed}
        self.on_get()
        if (found := self.there.get(path.rpartition("/")[2])) is None:
            raise ApiError(404, "NotFound", "gone")
        return found


async def test_resync_drops_what_was_deleted_and_adds_what_was_missed() -> None:
    sites = SiteCache(lambda *_: None)
    for name in ("gone", "stale", "same"):
        sites.put(site_body(1, name, name))
    there = [site_body(1, "same", "same"), site_body(9, "stale", "stale"), site_body(3, "missed", "missed")]
    client = FakeClient(reads=Server(there, there))
    await Resync(client.as_client(), EDGE_SITE, sites, ()).resync()
    assert {name for _, name in sites} == {"same", "stale", "missed"}
    assert not any(path.endswith("/same") for path in client.asked)


async def test_heal_does_not_believe_a_list_that_lags() -> None:
    sites = SiteCache(lambda *_: None)
    sites.put(site_body(5))
    client = FakeClient(reads=Server([], [site_body(5)]))
    await Resync(client.as_client(), EDGE_SITE, sites, ()).resync()
    assert sites.get(KEY) is not None


async def test_heal_does_not_drop_a_site_that_is_made_while_the_answer_is_on_its_way() -> None:
    sites = SiteCache(lambda *_: None)
    sites.put(site_body(1))
    server = Server([], [])
    server.on_get = lambda: sites.put(site_body(9, "u2"))
    await Resync(FakeClient(reads=server).as_client(), EDGE_SITE, sites, ()).resync()
    assert sites.get(KEY) is not None


async def test_heal_does_not_bring_back_a_site_that_goes_while_the_answer_is_on_its_way() -> None:
    sites = SiteCache(lambda *_: None)
    sites.put(site_body(1))
    server = Server([site_body(2)], [site_body(2)])
    server.on_get = lambda: sites.delete(KEY, "u1")
    await Resync(FakeClient(reads=server).as_client(), EDGE_SITE, sites, ()).resync()
    assert sites.get(KEY) is None


async def test_heal_asks_each_namespace_that_is_served() -> None:
    client = FakeClient(reads=Server([], []))
    await Resync(client.as_client(), EDGE_SITE, SiteCache(lambda *_: None), ("a", "b")).resync()
    assert [path.split("/")[-2] for path in client.asked] == ["a", "b"]
