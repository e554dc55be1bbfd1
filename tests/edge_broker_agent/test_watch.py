"""The watch of one Secret at a real API server, with no more rights than that needs."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.fixture import Kubectl
from edge_broker_agent.kube.account import Account
from edge_broker_agent.kube.watch import SecretWatch
from edge_broker_agent.metrics import AgentMetrics
from tests.edge_broker_agent.certificates import issue
from tests.edge_broker_agent.logins import SiteLogins
from tests.edge_broker_agent.pod import mount_account
from tests.edge_service.waiting import eventually

pytestmark = pytest.mark.process


class Taken:
    """Notes what a watch sees."""

    def __init__(self) -> None:
        self.all: list[Mapping[str, str] | None] = []

    def on_secret(self, _name: str, data: Mapping[str, str] | None) -> None:
        self.all.append(data)


class Watched:
    """A watch that runs."""

    def __init__(self, account: Account, logins: SiteLogins, name: str) -> None:
        self.taken = Taken()
        self.registry = CollectorRegistry()
        self.watch = SecretWatch(account, logins.namespace, name, self.taken, AgentMetrics(self.registry))

    def restarts(self, cause: str) -> float:
        """Return how often it restarted for this cause."""
        return self.registry.get_sample_value("edge_broker_watch_restarts_total", {"cause": cause}) or 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Watched"]:
        """Run it."""
        task = asyncio.create_task(self.watch.run())
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.wait([task])


@pytest.fixture
def account(tmp_path: Path, kubectl: Kubectl, control_plane: ControlPlane, logins: SiteLogins) -> Account:
    place = mount_account(tmp_path, kubectl, control_plane, logins)
    return Account(control_plane.ports.address, control_plane.ports.apiserver, place)


async def test_it_sees_what_is_there_what_comes_and_what_goes(account: Account, logins: SiteLogins) -> None:
    async with Watched(account, logins, logins.index).running() as watched:
        await eventually("there is none", lambda: watched.taken.all == [None])
        await asyncio.to_thread(logins.put, logins.index, {"a": "b"})
        await eventually("it is there", lambda: watched.taken.all[-1] == {"a": "Yg=="})
        await asyncio.to_thread(logins.put, f"{logins.index}-0", {"another": "one"})
        await asyncio.to_thread(logins.put, logins.index, {"a": "c" * 100_000})
        await eventually("it has changed", lambda: len(str((watched.taken.all[-1] or {}).get("a", ""))) > 100_000)
        await asyncio.to_thread(logins.core.delete_namespaced_secret, logins.index, logins.namespace)
        await eventually("it is gone", lambda: watched.taken.all[-1] is None)
        assert len(watched.taken.all) == 4


async def test_where_the_server_has_forgotten_it_lists_again(
    account: Account, logins: SiteLogins, control_plane: ControlPlane
) -> None:
    await asyncio.to_thread(logins.put, logins.index, {"a": "b"})
    await asyncio.to_thread(control_plane.stop_apiserver, grace=0)
    await asyncio.to_thread(control_plane.start_apiserver)
    watched = Watched(account, logins, logins.index)
    watched.watch._version = "1"  # noqa: SLF001 - older than anything that the server remembers
    async with watched.running():
        await eventually("it has listed", lambda: watched.taken.all == [{"a": "Yg=="}])
    assert watched.restarts("gone") == 1


async def test_a_secret_that_the_role_does_not_name_is_refused_and_tried_again(
    account: Account, logins: SiteLogins
) -> None:
    async with Watched(account, logins, "somebody-elses").running() as watched:
        await eventually("it is refused twice", lambda: watched.restarts("refused") >= 2)
    assert watched.taken.all == []


async def test_a_token_that_is_renewed_is_used(account: Account, logins: SiteLogins) -> None:
    good = (account.directory / "token").read_text()
    (account.directory / "token").write_text("old")
    async with Watched(account, logins, logins.index).running() as watched:
        await eventually("it is refused", lambda: watched.restarts("refused") >= 1)
        (account.directory / "token").write_text(good)
        await eventually("it is answered", lambda: watched.taken.all == [None])


async def test_a_server_of_another_authority_gets_no_token(
    account: Account, logins: SiteLogins, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    (stranger / "token").write_text((account.directory / "token").read_text())
    (stranger / "ca.crt").write_bytes(issue("stranger").certificate)
    elsewhere = Account(account.host, account.port, stranger)
    async with Watched(elsewhere, logins, logins.index).running() as watched:
        await eventually("it is not trusted", lambda: watched.restarts("unreachable") >= 1)
    assert watched.taken.all == []
