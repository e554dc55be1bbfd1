"""The cache of sites: takes what is newer, and names what differs from a list."""

from collections.abc import Callable

import pytest

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.cache.resource_cache import SiteCache
from tests.edge_operator.control.fake_client import site_body

KEY = ("ns", "hall")


def telling(told: list[ResourceKey]) -> Callable[[CachedSite | None, CachedSite | None], None]:
    def changed(before: CachedSite | None, after: CachedSite | None) -> None:
        site = after or before
        assert site is not None
        told.append(site.key)

    return changed


def test_sites_take_what_is_newer() -> None:
    told: list[ResourceKey] = []
    sites = SiteCache(telling(told))
    sites.put(site_body(5))
    sites.put(site_body(4))
    sites.put(site_body(5))
    assert (told, len(sites), list(sites)) == ([KEY], 1, [KEY])
    sites.put(site_body(6))
    sites.put(site_body(3, "u2"))
    site = sites.get(KEY)
    assert site is not None
    assert (site.owner_ref.uid, len(told)) == ("u2", 3), "a site made anew counts, whatever its version"


def test_dropped_site_is_told_once() -> None:
    told: list[ResourceKey] = []
    sites = SiteCache(telling(told))
    sites.put(site_body())
    sites.delete(KEY)
    sites.delete(KEY)
    assert (told, sites.get(KEY)) == ([KEY, KEY], None)


def test_sites_keep_no_managed_fields_and_leave_the_event_as_it_was() -> None:
    sites = SiteCache(lambda *_: None)
    event = site_body()
    event["metadata"]["managedFields"] = ["much"]
    sites.put(event)
    site = sites.get(KEY)
    assert site is not None
    assert "managedFields" not in site.metadata
    assert "managedFields" in event["metadata"]


@pytest.mark.parametrize(
    ("listed", "stale_keys"),
    [
        ({("ns", "a"): "1", ("ns", "b"): "2"}, set()),
        ({("ns", "a"): "1"}, {("ns", "b")}),
        ({("ns", "a"): "1", ("ns", "b"): "3"}, {("ns", "b")}),
        ({("ns", "a"): "1", ("ns", "b"): "2", ("ns", "c"): "1"}, {("ns", "c")}),
    ],
)
def test_stale_keys(listed: dict[ResourceKey, str], stale_keys: set[ResourceKey]) -> None:
    sites = SiteCache(lambda *_: None)
    sites.put(site_body(1, name="a"))
    sites.put(site_body(2, name="b"))
    assert set(sites.stale_keys(listed)) == stale_keys
