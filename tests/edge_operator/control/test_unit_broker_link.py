"""A broker that has got ready is not kept waiting for the next attempt."""

from collections.abc import AsyncIterator
from typing import cast

import pytest

from edge_operator.broker.endpoint import BrokerAddress, SiteKey
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.cluster.objects import Objects
from edge_operator.control.broker_link import BrokerLink
from tests.edge_operator.desired.sites import make_site


class Watched(BrokerSessions):
    """Sessions that remember which of them were hurried."""

    def __init__(self) -> None:
        super().__init__("edge-operator-test")
        self.hurried: list[SiteKey] = []

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
