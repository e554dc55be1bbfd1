"""Sites are requeued when the connection to their broker changes, recreated ones as well."""

import asyncio

from edge_operator.broker.endpoint import BrokerAddress, Endpoint, Login
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.control.liveness.device_index import DeviceIndex
from edge_operator.control.liveness.message_handler import BrokerMessageHandler
from edge_operator.control.site_broker.retained_cleanup import RetainedCleanup
from edge_operator.control.site_broker.roster_publisher import RosterPublisher
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.control.samples import SITE, Time, site

NOBODY = Endpoint(BrokerAddress("127.0.0.1", 1), Login("~operator", "x"))
SECONDS = 5.0


async def test_recreated_site_is_requeued_though_its_broker_is_unreachable_as_before() -> None:
    sites, devices, clocks, metrics = SiteCache(lambda *_: None), DeviceCache(lambda *_: None), Time().clocks, Metrics()
    index, sessions = DeviceIndex(sites, devices, clocks), BrokerSessions("test")
    changed: asyncio.Queue[ResourceKey] = asyncio.Queue()
    cleanup = RetainedCleanup(sessions, sites, devices, metrics, clocks.steady)
    site_topics = SiteTopics(metrics, changed.put_nowait, clocks.steady, clocks.wall)
    rosters = RosterPublisher(sessions, sites, devices, metrics, clocks.steady)
    handler = BrokerMessageHandler(index, sessions, cleanup, rosters, changed.put_nowait, site_topics, metrics)
    sessions.start(handler)
    for uid in ("first", "second"):
        sites.put(site(uid=uid).body)
        index.update_site(SITE)
        sessions.ensure(SITE, NOBODY)
        async with asyncio.timeout(SECONDS):
            assert await changed.get() == SITE
        sites.delete(SITE, uid)
        index.update_site(SITE)
        sessions.close(SITE)
    assert not handler._last_state  # noqa: SLF001 - what grows is not seen from outside
    sessions.close_all()
    await sessions.wait_closed()
