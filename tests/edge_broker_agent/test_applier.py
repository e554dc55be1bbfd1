"""What is written and when Mosquitto has to read it: real files, Secrets' contents as they come, on a virtual clock."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count, pairwise
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from edge_broker_agent.applier import Applier
from edge_broker_agent.broker_files import BrokerFiles
from edge_broker_agent.canary import CANARY_USERNAME, CanaryLogin
from edge_broker_agent.files import AuthFiles
from edge_broker_agent.metrics import AgentMetrics
from edge_broker_agent.process import TICKS_PER_SECOND, MosquittoProcess, Processes, since_machine_start
from edge_broker_agent.process_watch import ProcessWatch
from edge_broker_agent.reload import Reloader
from edge_broker_agent.site_secrets import SiteSecrets
from edge_service.address import BrokerAddress
from tests.edge_operator.cluster.virtual import now, run_virtual

INDEX = "hall-logins"
TLS = "hall-tls"
PATIENCE = 30.0
BATCH = 5.0
MOST_TURNS = 10_000


def line(name: str) -> str:
    return f"{name}:$7$101${'A' * 16}${'A' * 86}==\n"


class Reloading(Reloader):
    """Answers for Mosquitto: which run was to reload with which password file, and whether that is proven."""

    def __init__(self, processes: Processes, metrics: AgentMetrics, file: Path) -> None:
        super().__init__(processes, BrokerAddress("127.0.0.1", 1), metrics)
        self.succeeds = True
        self.lasts = 0.0
        self.came = asyncio.Event()
        self.asked: list[tuple[float, MosquittoProcess, list[str]]] = []
        self._file = file

    async def reload(self, broker: MosquittoProcess, canary: CanaryLogin) -> bool:
        content = self._file.read_bytes()
        assert content.endswith(canary.line), "the proof is of the file that is there"
        names = [each.partition(":")[0] for each in content.decode().splitlines()]
        self.asked.append((now(), broker, [name for name in names if name != CANARY_USERNAME]))
        succeeds = self.succeeds
        self.came.set()
        await asyncio.sleep(self.lasts)
        return succeeds

    async def next(self) -> tuple[float, MosquittoProcess, list[str]]:
        """Return the next reload that is asked for."""
        await self.came.wait()
        self.came.clear()
        return self.asked[-1]


class World:
    """An agent without its watches and without a Mosquitto."""

    def __init__(self, directory: Path, *, tls: bool = False) -> None:
        self.registry = CollectorRegistry()
        metrics = AgentMetrics(self.registry)
        self.directory = directory / "auth"
        self.copy = BrokerFiles(AuthFiles(self.directory))
        self.copy.load()
        self.sources = SiteSecrets(INDEX, TLS if tls else None, metrics)
        processes = Processes(directory)
        self.process_watch = ProcessWatch(processes, metrics)
        self.reloading = Reloading(processes, metrics, self.directory / "passwords")
        self.applier = Applier(self.copy, self.sources, self.process_watch, self.reloading, metrics, BATCH)

    def say(self, *devices: str) -> None:
        """Have the operator's Secrets say which devices there are."""
        shard = base64.b64encode("".join(map(line, devices)).encode()).decode()
        of = base64.b64encode(b"1").decode()
        self.sources.on_secret(f"{INDEX}-0", {"of": of, "passwords": shard})
        self.sources.on_secret(INDEX, {"shards": of, "passwords": base64.b64encode(line("~gateway").encode()).decode()})

    def run(self, *, seconds_ago: float) -> MosquittoProcess:
        """Have a Mosquitto run that was started so long ago; a negative number is still to come."""
        ticks = int((since_machine_start() - seconds_ago) * TICKS_PER_SECOND)
        self.process_watch.broker = MosquittoProcess(1, ticks, f"boot-{ticks}")
        self.process_watch.begun.set()
        return self.process_watch.broker

    @property
    def names(self) -> list[str]:
        """Who can log in by the file, the proof of a reload left aside."""
        lines = (self.directory / "passwords").read_text().splitlines()
        return [each.partition(":")[0] for each in lines if not each.startswith(CANARY_USERNAME)]

    async def applied(self) -> None:
        """Return when a change has been worked on."""
        await self.applier.applied.wait()
        self.applier.applied.clear()

    def figure(self, name: str) -> float:
        return self.registry.get_sample_value(name) or 0.0


Story = Callable[[World], Awaitable[None]]


def play(
    directory: Path, story: Story, before: Callable[[World], object] = lambda _: None, *, tls: bool = False
) -> None:
    """Run the applier beside a story, on a virtual clock; `before` is done before it begins."""

    async def told() -> None:
        world = World(directory, tls=tls)
        before(world)
        working = asyncio.create_task(world.applier.run(PATIENCE))
        try:
            await story(world)
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working

    turns = count()

    def bound() -> None:
        if next(turns) > MOST_TURNS:
            raise RuntimeError("it turns for ever")

    run_virtual(told(), sockets=True, each_turn=bound)


def test_without_a_mosquitto_the_files_are_written_for_the_one_to_come(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.applied()
        assert world.applier.decided.is_set()
        assert world.names == ["d1", "d2", "~gateway"]
        assert world.figure("edge_broker_logins") == 3
        world.run(seconds_ago=-60)
        await world.applied()
        assert world.reloading.asked == [], "it was started after the writing: it has read them"

    play(tmp_path, story, lambda world: world.say("d1", "d2"))


def test_one_that_was_there_before_reads_them_once(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        _, broker, names = await world.reloading.next()
        assert (broker, names) == (world.process_watch.broker, ["d1", "~gateway"])
        await world.applied()
        world.sources.changed.set()  # nothing else is said
        await world.applied()
        assert len(world.reloading.asked) == 1
        said = now()
        world.say("d1", "d2")
        assert (await world.reloading.next())[0] - said < 1, "where nothing was reloaded there is no rest"
        another = world.run(seconds_ago=3600)
        assert (await world.reloading.next())[1] == another, "what one has read says nothing of another"

    def before(world: World) -> None:
        world.say("d1")
        world.run(seconds_ago=60)

    play(tmp_path, story, before)


def test_a_reload_that_is_not_proven_is_asked_for_again_later_and_later(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.reloading.succeeds = False
        times = [(await world.reloading.next())[0] for _ in range(6)]
        waits = [later - earlier for earlier, later in pairwise(times)]
        assert all(0.4 < wait <= 5.0 for wait in waits)
        assert max(waits) > 2 * min(waits)
        world.reloading.succeeds = True
        await world.reloading.next()
        await asyncio.sleep(100)
        assert len(world.reloading.asked) == 7
        world.reloading.succeeds = False
        world.run(seconds_ago=3600)
        first, second = [(await world.reloading.next())[0] for _ in range(2)]
        assert second - first < 1.1, "after a success the first wait is short again"

    def before(world: World) -> None:
        world.say("d1")
        world.run(seconds_ago=60)

    play(tmp_path, story, before)


@pytest.mark.parametrize(("lasts", "rest"), [(0.0, BATCH), (20.0, 20.0)], ids=["a short reload", "a long reload"])
def test_what_changes_while_it_rests_after_a_reload_is_one_change(tmp_path: Path, lasts: float, rest: float) -> None:
    async def story(world: World) -> None:
        world.reloading.lasts = lasts
        first = (await world.reloading.next())[0]
        for number in range(2, 6):
            world.say(*(f"d{each}" for each in range(1, number + 1)))
            await asyncio.sleep(0.1)
        second, _, names = await world.reloading.next()
        assert names == ["d1", "d2", "d3", "d4", "d5", "~gateway"]
        assert second - first == pytest.approx(lasts + rest, abs=0.2)

    def before(world: World) -> None:
        world.say("d1")
        world.run(seconds_ago=60)

    play(tmp_path, story, before)


def test_an_api_server_that_does_not_answer_is_waited_for_no_longer_than_its_time(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        begun = now()
        await world.applier.decided.wait()
        assert now() - begun == pytest.approx(PATIENCE, abs=0.1)
        assert world.names == ["old"], "the copy stays as it was"
        await world.applied()
        world.say("d1")
        await world.applied()
        assert world.names == ["d1", "~gateway"]

    play(tmp_path, story, lambda world: world.copy.write_passwords(line("old").encode()))


def test_one_that_answers_in_time_is_not_waited_for(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        begun = now()
        await asyncio.sleep(2)
        assert not world.applier.decided.is_set()
        world.say("d1")
        await world.applier.decided.wait()
        assert now() - begun < 3

    play(tmp_path, story)


def test_a_copy_of_an_earlier_agent_gets_a_proof_before_a_reload(tmp_path: Path) -> None:
    (tmp_path / "auth").mkdir()
    (tmp_path / "auth" / "passwords").write_text(line("d1") + line("~gateway"))

    async def story(world: World) -> None:
        assert (await world.reloading.next())[2] == ["d1", "~gateway"]

    def before(world: World) -> None:
        world.say("d1")
        world.run(seconds_ago=60)

    play(tmp_path, story, before)


def test_a_volume_that_cannot_be_written_is_counted_and_tried_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.applied()
        assert world.figure("edge_broker_write_errors_total") == 1
        assert not world.applier.decided.is_set()
        (tmp_path / "auth" / "passwords.draft").rmdir()
        await world.applied()
        assert world.names == ["d1", "~gateway"]
        assert world.applier.decided.is_set()

    def before(world: World) -> None:
        (tmp_path / "auth" / "passwords.draft").mkdir()
        world.say("d1")

    play(tmp_path, story, before)


def test_a_certificate_that_tls_does_not_take_holds_up_no_login(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.applied()
        assert world.names == ["d1", "~gateway"]
        assert world.sources.rejected == {TLS}
        assert not (tmp_path / "auth" / "tls.pem").exists()

    def before(world: World) -> None:
        world.say("d1")
        encoded = base64.b64encode(b"no certificate").decode()
        world.sources.on_secret(TLS, {"tls.crt": encoded, "tls.key": encoded})

    play(tmp_path, story, before, tls=True)
