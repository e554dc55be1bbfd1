"""When the session with a site's broker begins anew, and when an attempt is made at once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

import pytest

from edge_operator.broker.endpoint import BrokerAddress, Endpoint, SiteKey
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.cluster.objects import Objects
from edge_operator.control.broker_link import BrokerLink
from tests.edge_operator.desired.sites import make_site


class Watched(BrokerSessions):
    """Sessions that remember which of them were hurried."""

    def __init__(self) -> None:
        super().__init__("edge-operator-test")
        self.hurried: list[SiteKey] = []
        self.endpoints: list[Endpoint] = []

    def follow(self, site: SiteKey, endpoint: Endpoint) -> None:
        self.endpoints.append(endpoint)
        super().follow(site, endpoint)

    def hurry(self, site: SiteKey) -> None:
        self.hurried.append(site)
        super().hurry(site)


@pytest.fixture
async def sessions() -> AsyncIterator[Watched]:
    sessions = Watched()
    yield sessions
    sessions.leave_all()
    await sessions.ended()


@pytest.mark.parametrize(
    ("seen", "hurried"),
    [
        pytest.param([False], 0, id="not ready"),
        pytest.param([True], 1, id="ready when first seen"),
        pytest.param([False, True], 1, id="became ready"),
        pytest.param([True, True, True], 1, id="stays ready"),
        pytest.param([True, False, True], 2, id="became ready again"),
        pytest.param([True, False, False], 1, id="stays away"),
    ],
)
async def test_each_time_a_broker_becomes_ready_it_is_tried_at_once(
    sessions: Watched, seen: list[bool], hurried: int
) -> None:
    described = make_site()
    key = described.namespace, described.name
    link = BrokerLink(sessions, cast("Objects", None), {key: BrokerAddress("127.0.0.1", 1)})
    for ready in seen:
        await link.follow(described, ready=ready)
    assert sessions.hurried == [key] * hurried
    link.leave(key)
    await link.follow(described, ready=True)
    assert sessions.hurried == [key] * (hurried + 1), "a site that was made anew is as if it had never been"


async def test_site_that_was_made_anew_has_a_session_of_its_own(sessions: Watched) -> None:
    described = make_site()
    link = BrokerLink(sessions, cast("Objects", None), {(described.namespace, described.name): BrokerAddress("h", 1)})
    for site in (described, described, replace(described, uid="anew")):
        await link.follow(site, ready=False)
    first, again, anew = sessions.endpoints
    assert first == again
    assert anew != first, "an external broker outlives its site: the same session would never be told of again"
