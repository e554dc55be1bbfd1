"""Sites are looked at when the way to their broker changes, those that were made anew as well."""

import asyncio

from edge_operator.broker.endpoint import BrokerAddress, Endpoint, Login
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.control.liveness.device_index import Fleet
from edge_operator.control.liveness.message_handler import BrokerEar
from edge_operator.control.site_broker.drops import BrokerDrops
from edge_operator.control.site_broker.retained_cleanup import Leftovers
from edge_operator.control.site_broker.roster_publisher import Rosters
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.control.samples import SITE, Time, site

NOBODY = Endpoint(BrokerAddress("127.0.0.1", 1), Login("~operator", "x"))
SECONDS = 5.0


async def test_site_that_is_made_anew_is_looked_at_though_its_broker_is_away_as_before() -> None:
    sites, devices, clocks, metrics = SiteCache(lambda *_: None), DeviceCache(lambda *_: None), Time().clocks, Metrics()
    fleet, sessions = Fleet(sites, devices, clocks), BrokerSessions("test")
    changed: asyncio.Queue[ResourceKey] = asyncio.Queue()
    leftovers = Leftovers(sessions, sites, devices, metrics, clocks.steady)
    drops = BrokerDrops(metrics, changed.put_nowait, clocks.steady)
    rosters = Rosters(sessions, sites, devices, metrics, clocks.steady)
    ear = BrokerEar(fleet, sessions, leftovers, rosters, changed.put_nowait, drops, metrics)
    sessions.open(ear)
    for uid in ("first", "second"):
        sites.put(site(uid=uid).body)
        fleet.fit_site(SITE)
        sessions.follow(SITE, NOBODY)
        async with asyncio.timeout(SECONDS):
            assert await changed.get() == SITE
        sites.delete(SITE, uid)
        fleet.fit_site(SITE)
        sessions.leave(SITE)
    assert not ear._said  # noqa: SLF001 - what grows is not seen from outside
    sessions.leave_all()
    await sessions.ended()
