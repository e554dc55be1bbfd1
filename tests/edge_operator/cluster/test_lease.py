import asyncio
import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import pytest

from edge_operator.cluster.election import CREATE_AFTER_SECONDS
from edge_operator.cluster.lease import (
    LEASE_SECONDS,
    RENEW_DEADLINE_SECONDS,
    LeaseGate,
    ObservedLease,
    Step,
    next_step,
)
from tests.edge_operator.cluster.candidates import Candidate
from tests.edge_operator.cluster.leases import LeaseServer
from tests.edge_operator.cluster.virtual import Clock, now, run_virtual

YEARS = dt.timedelta(days=365 * 5)


@pytest.mark.parametrize(
    ("observed", "at", "move"),
    [
        pytest.param(None, 0.0, Step.CREATE, id="there is none"),
        pytest.param(ObservedLease("me", "1", 8.0, 0.0), 0.0, Step.RENEW, id="mine"),
        pytest.param(ObservedLease("me", "1", 8.0, 0.0), 1e9, Step.RENEW, id="mine, run out, taken by nobody"),
        pytest.param(ObservedLease("", "1", 1.0, 0.0), 0.0, Step.TAKE, id="released"),
        pytest.param(ObservedLease("other", "1", 8.0, 0.0), 7.999, Step.WAIT, id="another's"),
        pytest.param(ObservedLease("other", "1", 8.0, 0.0), 8.0, Step.TAKE, id="another's, run out"),
        pytest.param(ObservedLease("other", "1", 60.0, 0.0), 59.0, Step.WAIT, id="granted for longer"),
    ],
)
def test_next_move(observed: ObservedLease | None, at: float, move: Step) -> None:
    assert next_step(observed, "me", at) is move


def test_gate_is_closed_before_it_is_held() -> None:
    assert not LeaseGate(Clock()).is_open()


def test_gate_closes_by_itself_counted_from_when_the_renewal_was_asked_for() -> None:
    clock = Clock(100.0)
    gate = LeaseGate(clock)
    clock.now = 102.0
    gate.hold(100.0)
    clock.now = 100.0 + RENEW_DEADLINE_SECONDS - 0.001
    assert gate.is_open()
    clock.now = 100.0 + RENEW_DEADLINE_SECONDS
    assert not gate.is_open()


def test_gate_can_be_closed_at_once() -> None:
    gate = LeaseGate(Clock())
    gate.hold(1000.0)
    gate.close()
    assert not gate.is_open()


def test_deadline_leaves_room_before_another_may_take_the_lease() -> None:
    assert RENEW_DEADLINE_SECONDS < LEASE_SECONDS


async def until(holds: Callable[[], object], seconds: float) -> float:
    """Return how long it took until `holds`."""
    begun = now()
    while not holds():
        assert now() - begun <= seconds, "too late"
        await asyncio.sleep(0.01)
    return now() - begun


async def leader_and_candidate(server: LeaseServer) -> tuple[Candidate, Candidate]:
    """Return a leader, and a candidate that has watched it for five seconds."""
    leader = Candidate(server, "a")
    await until(leader.gate.is_open, 0.1)
    candidate = Candidate(server, "b")
    await asyncio.sleep(5)
    return leader, candidate


@pytest.mark.parametrize(
    ("lease", "most_seconds"),
    [
        pytest.param(None, CREATE_AFTER_SECONDS + RENEW_DEADLINE_SECONDS + 2, id="missing"),
        pytest.param({"metadata": {"resourceVersion": "100", "uid": "0"}}, RENEW_DEADLINE_SECONDS + 2, id="new"),
    ],
)
def test_new_lease_allows_a_leader_only_when_that_of_a_deleted_one_no_longer_leads(
    lease: dict[str, Any] | None, most_seconds: float
) -> None:
    async def story() -> None:
        server = LeaseServer(lease)
        a = Candidate(server, "a")
        waited = await until(a.gate.is_open, most_seconds)
        assert waited >= RENEW_DEADLINE_SECONDS, "another may still rely on a Lease that somebody deleted"
        assert a.metrics.leader._value.get() == 1  # noqa: SLF001 - a gauge has no other way to be read
        for _ in range(600):
            await asyncio.sleep(0.1)
            assert a.gate.is_open()
        assert a.changes == [True]
        assert server.lease is not None
        assert server.lease["spec"]["leaseTransitions"] == (0 if lease is None else 1)

    run_virtual(story())


def test_gate_closes_five_seconds_after_an_unanswered_renewal_was_asked_for() -> None:
    async def story() -> None:
        a = Candidate(LeaseServer(), "a")
        await until(a.gate.is_open, 0.1)
        await asyncio.sleep(10)
        puts = [at for at, method in a.network.sent if method == "PUT"]
        a.network.lose_requests = True
        await until(lambda: not a.gate.is_open(), 10)
        assert now() == pytest.approx(puts[-1] + RENEW_DEADLINE_SECONDS, abs=0.02)

    run_virtual(story())


def test_answer_is_lost_but_the_write_has_happened() -> None:
    async def story() -> None:
        server = LeaseServer()
        a = Candidate(server, "a")
        await until(a.gate.is_open, 0.1)
        a.network.lose_answers = True
        await until(lambda: not a.gate.is_open(), 10)
        a.network.lose_answers = False
        await until(a.gate.is_open, 4)
        assert server.holder == "a"
        assert a.changes == [True, False, True]

    run_virtual(story())


def test_killed_leader_is_replaced_within_fifteen_seconds() -> None:
    async def story() -> None:
        server = LeaseServer()
        a, b = await leader_and_candidate(server)
        await a.kill()
        assert await until(b.gate.is_open, 15) > LEASE_SECONDS - 2.5
        assert server.lease is not None
        assert server.lease["spec"]["leaseTransitions"] == 2

    run_virtual(story())


def test_released_lease_is_taken_at_once() -> None:
    async def story() -> None:
        server = LeaseServer()
        a, b = await leader_and_candidate(server)
        await a.end()
        assert (server.holder, a.gate.is_open(), a.changes) == ("", False, [True, False])
        await until(b.gate.is_open, 1.1)

    run_virtual(story())


def test_released_although_a_renewal_was_cut_short() -> None:
    async def story() -> None:
        server = LeaseServer()
        a = Candidate(server, "a")
        await until(a.gate.is_open, 0.1)
        a.network.after = 0.5
        renewals = len(a.network.sent)
        await until(lambda: len(a.network.sent) > renewals, 3)
        await asyncio.sleep(0.1)  # the server has taken it, the answer is on its way
        await a.end()
        assert server.holder == ""

    run_virtual(story())


def test_release_of_what_another_holds_changes_nothing() -> None:
    async def story() -> None:
        server = LeaseServer()
        a = Candidate(server, "a")
        await until(a.gate.is_open, 0.1)
        assert server.lease is not None
        server.store(server.lease | {"spec": {"holderIdentity": "thief", "leaseDurationSeconds": 8}})
        await a.end()
        assert server.holder == "thief"

    run_virtual(story())


def test_release_ends_though_nobody_answers() -> None:
    async def story() -> None:
        a = Candidate(LeaseServer(), "a")
        await until(a.gate.is_open, 0.1)
        a.network.lose_requests = True
        begun = now()
        await a.end()
        assert now() - begun < 2.1

    run_virtual(story())


@pytest.mark.parametrize("seconds", [3.0, 6.0, 20.0, 3600.0])
def test_stopped_and_resumed_leader_has_a_closed_gate_until_it_has_asked(seconds: float) -> None:
    async def story() -> None:
        server = LeaseServer()
        a, b = await leader_and_candidate(server)
        a.stop(seconds)
        await asyncio.sleep(seconds - 0.001)
        assert not (a.gate.is_open() and b.gate.is_open())
        assert not a.gate.is_open() or seconds < RENEW_DEADLINE_SECONDS
        await asyncio.sleep(10)
        assert a.gate.is_open() != b.gate.is_open()
        assert b.gate.is_open() == (seconds > 15)

    run_virtual(story())


def test_lapse_between_two_renewals_is_reported_so_that_rejected_writes_are_repeated() -> None:
    async def story() -> None:
        a = Candidate(LeaseServer(), "a")
        await until(a.gate.is_open, 0.1)
        await asyncio.sleep(5)
        a.stop(20.0)
        await asyncio.sleep(25)
        assert a.gate.is_open()
        assert a.changes == [True, False, True]

    run_virtual(story())


@pytest.mark.parametrize("offset", [YEARS, -YEARS], ids=["ahead", "behind"])
def test_wall_clocks_mean_nothing(offset: dt.timedelta) -> None:
    async def story() -> None:
        server = LeaseServer()
        a = Candidate(server, "a")
        await until(a.gate.is_open, 0.1)
        b = Candidate(server, "b", offset)
        for step in range(60):
            a.wall_offset = offset if step % 2 else -offset
            await asyncio.sleep(1)
            assert (a.gate.is_open(), b.gate.is_open()) == (True, False)
        await a.kill()
        await until(b.gate.is_open, 15)

    run_virtual(story())


@pytest.mark.parametrize("by_manifest", [False, True], ids=["", "the manifests bring a new one at once"])
def test_leader_leads_on_if_somebody_deletes_its_lease(by_manifest: bool) -> None:  # noqa: FBT001
    async def story() -> None:
        server = LeaseServer()
        a, b = await leader_and_candidate(server)
        server.delete()
        if by_manifest:
            server.apply_manifest()
        for _ in range(200):
            await asyncio.sleep(0.1)
            assert not (a.gate.is_open() and b.gate.is_open())
        # The manifests' Lease has no holder, so that the candidate may be the first to acquire it.
        assert server.holder in (("a", "b") if by_manifest else ("a",))
        assert (a.gate.is_open(), b.gate.is_open()) == (server.holder == "a", server.holder == "b")

    run_virtual(story())


def test_lease_deleted_twice_between_two_reads_of_a_candidate_makes_no_second_leader() -> None:
    async def story() -> None:
        server = LeaseServer()
        a, b = await leader_and_candidate(server)
        server.delete()
        reads = len(b.network.sent)
        await until(lambda: len(b.network.sent) > reads, 1.1)
        await asyncio.sleep(0.1)
        b.network.lose_requests = True
        await until(lambda: server.holder == "a", 5)
        await asyncio.sleep(1)
        server.delete()
        a.network.lose_requests = True
        b.network.lose_requests = False
        for _ in range(300):
            await asyncio.sleep(0.05)
            assert not (a.gate.is_open() and b.gate.is_open())
        assert b.gate.is_open()

    run_virtual(story())


def test_killed_leader_of_a_deleted_lease_is_replaced_within_fifteen_seconds() -> None:
    async def story() -> None:
        server = LeaseServer()
        a, b = await leader_and_candidate(server)
        server.delete()
        await a.kill()
        await until(b.gate.is_open, 15)

    run_virtual(story())


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({}, id="empty"),
        pytest.param(None, id="none"),
        pytest.param({"holderIdentity": None, "leaseDurationSeconds": None}, id="nulls"),
        pytest.param({"holderIdentity": "x", "leaseDurationSeconds": "soon"}, id="no number"),
        pytest.param({"leaseTransitions": "many"}, id="no count"),
    ],
)
def test_lease_that_somebody_spoilt_does_not_end_the_election(spec: object) -> None:
    async def story() -> None:
        server = LeaseServer()
        server.store({"metadata": {"name": "edge-operator"}, "spec": spec})
        a = Candidate(server, "a")
        await asyncio.sleep(30)
        assert not a.task.done()
        server.delete()
        await until(a.gate.is_open, 15)

    run_virtual(story())


def test_since_when_the_api_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        server = LeaseServer()
        a = Candidate(server, "a")
        assert a.election.api_reachable_since == math.inf
        await until(a.gate.is_open, 0.1)
        since = a.election.api_reachable_since
        assert since <= now()
        monkeypatch.setattr(server, "answer", lambda *_: (403, {}))
        await asyncio.sleep(60)
        assert a.election.api_reachable_since == since, "a refusal is an answer"
        assert not a.gate.is_open()

        def unreachable(*_: object) -> None:
            raise ConnectionError

        monkeypatch.setattr(server, "answer", unreachable)
        await asyncio.sleep(10)
        assert a.election.api_reachable_since == math.inf
        monkeypatch.undo()
        await until(a.gate.is_open, 30)
        assert now() - a.election.api_reachable_since < 30

    run_virtual(story())
