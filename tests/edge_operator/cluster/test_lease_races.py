"""G4 by trial: whatever happens to candidates and their connections, two gates are never open at once."""

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edge_operator.cluster.candidates import Candidate
from tests.edge_operator.cluster.leases import LeaseServer
from tests.edge_operator.cluster.virtual import now, run_virtual

QUIET_SECONDS = 30.0


@dataclass(frozen=True)
class Fault:
    after: float
    kind: str
    candidate: int
    amount: float


FAULTS = st.lists(
    st.builds(
        Fault,
        after=st.floats(0, 4),
        kind=st.sampled_from(["stop", "requests", "answers", "slow there", "slow back", "kill", "end", "heal"]),
        candidate=st.integers(0, 3),
        amount=st.one_of(st.floats(0, 3), st.floats(3, 12)),
    ),
    max_size=25,
)


class Cluster:
    """Candidates that share a Lease; killed and ended ones are replaced by new ones."""

    def __init__(self) -> None:
        self.server = LeaseServer()
        self.candidates: list[Candidate] = []
        self.made = 0

    def add(self, place: int) -> None:
        self.made += 1
        candidate = Candidate(self.server, f"c{self.made}")
        self.candidates[place : place + 1] = [candidate]

    def check(self) -> None:
        leading = [candidate.identity for candidate in self.candidates if candidate.gate.is_open()]
        assert len(leading) <= 1, f"{leading} lead at once at {now()}"

    async def inject(self, fault: Fault) -> None:
        await asyncio.sleep(fault.after)
        place = fault.candidate % len(self.candidates)
        candidate = self.candidates[place]
        match fault.kind:
            case "stop":
                candidate.stop(fault.amount)
            case "requests":
                candidate.network.lose_requests = True
            case "answers":
                candidate.network.lose_answers = True
            case "slow there":
                candidate.network.before = fault.amount
            case "slow back":
                candidate.network.after = fault.amount
            case "kill":
                await candidate.kill()
                self.add(place)
            case "end":
                await candidate.end()
                self.add(place)
            case "heal":
                self.heal(candidate)

    def heal(self, candidate: Candidate) -> None:
        network = candidate.network
        network.lose_requests = network.lose_answers = False
        network.before = network.after = 0.001


@settings(max_examples=150, deadline=None)
@given(count=st.integers(2, 4), faults=FAULTS)
def test_never_two_leaders_and_one_in_the_end(count: int, faults: list[Fault]) -> None:
    cluster: list[Cluster] = []

    async def scenario() -> None:
        cluster.append(Cluster())
        for place in range(count):
            cluster[0].add(place)
        for fault in faults:
            await cluster[0].inject(fault)
        for candidate in cluster[0].candidates:
            cluster[0].heal(candidate)
        await asyncio.sleep(QUIET_SECONDS)
        assert [candidate.gate.is_open() for candidate in cluster[0].candidates].count(True) == 1

    def check() -> None:
        for one in cluster:
            one.check()

    run_virtual(scenario(), each_turn=check)


@settings(max_examples=300, deadline=None)
@given(faults=FAULTS, deletions=st.dictionaries(st.integers(0, 24), st.booleans(), max_size=12))
def test_deleted_lease_makes_no_second_leader(faults: list[Fault], deletions: dict[int, bool]) -> None:
    cluster: list[Cluster] = []

    async def scenario() -> None:
        cluster.append(Cluster())
        for place in range(3):
            cluster[0].add(place)
        await asyncio.sleep(10)
        for number, fault in enumerate(faults):
            await cluster[0].inject(fault)
            if number in deletions:
                cluster[0].server.delete()
                if deletions[number]:
                    cluster[0].server.apply_manifest()
        for candidate in cluster[0].candidates:
            cluster[0].heal(candidate)
        await asyncio.sleep(QUIET_SECONDS)
        assert [candidate.gate.is_open() for candidate in cluster[0].candidates].count(True) == 1

    def check() -> None:
        for one in cluster:
            one.check()

    run_virtual(scenario(), each_turn=check)
