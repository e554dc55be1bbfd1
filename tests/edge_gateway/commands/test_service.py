"""Commands from their request to the device's answer, with the store's own rule of what stands; no network."""

import asyncio
import datetime as dt
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry, Counter

from edge_gateway.commands.audit import CommandAudit
from edge_gateway.commands.record import CommandRecord
from edge_gateway.commands.repository import CommandRepository
from edge_gateway.commands.service import FETCH_POLL_SECONDS, POLL_SECONDS, SENDING, Commands
from edge_gateway.problem import unavailable
from edge_logs import AUDIT
from edge_service.mqtt import NotConnectedError
from edge_service.problem import ProblemError
from edge_service.store import StoreClient, StoreRefusedError
from edge_storage import commands as kept
from edge_storage.database.connections import open_writer
from edge_wire.messages import Command, CommandAck
from edge_wire.store import CommandState, StoreUnavailableError
from tests.edge_operator.cluster.virtual import now, run_virtual

BEGAN = dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC)
BODY = b'{"command":"reboot","expires_in":"60s"}'


class Keeping(StoreClient):
    """The store's rule of commands without the way over HTTP; each change takes a turn of the event loop."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__("http://127.0.0.1:1")
        self.before_put: Callable[[Mapping[str, Any]], Awaitable[object]] | None = None
        self._connection = connection

    async def put_command(self, device_id: str, command_id: str, command: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.before_put is not None:
            await self.before_put(command)
        return kept.put(self._connection, device_id, command_id, command, BEGAN)

    async def create_command(self, device_id: str, command_id: str, command: Mapping[str, Any]) -> Mapping[str, Any]:
        await asyncio.sleep(0)
        return kept.create(self._connection, device_id, command_id, command, BEGAN)

    async def command(self, device_id: str, command_id: str) -> Mapping[str, Any]:
        found = kept.get(self._connection, device_id, command_id)
        if found is None:
            raise StoreRefusedError(404, "no such command")
        return found

    async def commands(self, device_id: str, state: str | None = None) -> tuple[Mapping[str, Any], ...]:
        found = kept.of_device(self._connection, device_id, None if state is None else CommandState(state))
        return tuple(orjson.loads(orjson.dumps(each)) for each in found)


class Carrying:
    """The way to the broker: takes commands, or fails."""

    def __init__(self) -> None:
        self.has_session = True
        self.is_away = False
        self.error: NotConnectedError | None = None
        self.during: Callable[[str, str], Awaitable[object]] | None = None
        self.taken: list[tuple[str, Command]] = []

    def check_connected(self) -> None:
        if self.is_away:
            raise unavailable("BrokerUnavailable", "the broker is away")

    async def command(self, device_id: str, command: Command) -> bool:
        self.taken.append((device_id, command))
        if self.during is not None:
            await self.during(device_id, command.command_id)
        if self.error is not None:
            raise self.error
        return self.has_session


class World:
    """A replica of the gateway, as far as commands go; its wall clock follows the virtual loop."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.store, self.publisher, self.registry = Keeping(connection), Carrying(), CollectorRegistry()
        audit = CommandAudit(Counter("commands", "Commands.", ("actor", "state"), registry=self.registry))
        self._began = now()
        self.commands = Commands(CommandRepository(self.store), self.publisher, audit, self.time)
        other = CommandAudit(Counter("o", "o", ("actor", "state"), registry=None))
        self.elsewhere = Carrying()
        self.other = Commands(CommandRepository(self.store), self.elsewhere, other, self.time)

    def time(self) -> dt.datetime:
        return BEGAN + dt.timedelta(seconds=now() - self._began)

    def count(self, state: CommandState) -> float:
        return self.registry.get_sample_value("commands_total", {"actor": "api-token", "state": state.value}) or 0.0

    async def ask(self, device_id: str, command_id: str) -> CommandRecord:
        found = await self.commands.find(device_id, command_id)
        assert found is not None
        return found


Story = Callable[[World], Awaitable[None]]
Play = Callable[[Story], None]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Run a story on a virtual clock with an empty database of the store."""
    connection = open_writer(tmp_path)

    async def told(story: Story) -> None:
        await story(World(connection))

    yield lambda story: run_virtual(told(story))
    connection.close()


def done(command_id: str, status: str = "ok") -> CommandAck:
    return CommandAck(command_id, status, {"took": 3})


@pytest.mark.parametrize(("has_session", "state"), [(True, CommandState.SENT), (False, CommandState.NO_SESSION)])
def test_what_becomes_of_a_command_is_kept_and_counted(play: Play, has_session: bool, state: CommandState) -> None:  # noqa: FBT001
    async def story(world: World) -> None:
        world.publisher.has_session = has_session
        record = await world.commands.send("pump", BODY)
        ((device_id, command),) = world.publisher.taken
        assert (device_id, command, record.state) == ("pump", record.command, state)
        assert await world.ask("pump", record.command.command_id) == record
        assert (world.count(CommandState.QUEUED), world.count(state)) == (1.0, 1.0)

    play(story)


def test_without_the_broker_nothing_is_kept(play: Play) -> None:
    async def story(world: World) -> None:
        world.publisher.is_away = True
        with pytest.raises(ProblemError):
            await world.commands.send("pump", BODY)
        assert await world.commands.pending_for("pump", 0, fetch=False) == []
        assert (world.publisher.taken, world.count(CommandState.QUEUED)) == ([], 0.0)

    play(story)


def test_losing_the_broker_during_a_command_fails_it(play: Play) -> None:
    async def story(world: World) -> None:
        world.publisher.error = NotConnectedError("gone")
        with pytest.raises(ProblemError):
            await world.commands.send("pump", BODY)
        record = await world.ask("pump", world.publisher.taken[0][1].command_id)
        assert record.state is CommandState.FAILED
        assert record.result == {"error": "the connection to the broker ended while the command was sent"}

    play(story)


def test_a_command_that_was_published_is_in_the_audit_although_the_store_does_not_take_its_state(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def story(world: World) -> None:
        async def away(command: Mapping[str, Any]) -> None:
            if command["state"] != CommandState.QUEUED:
                raise StoreUnavailableError("the store is away")

        world.store.before_put = away
        with pytest.raises(ProblemError):
            await world.commands.send("pump", BODY)
        ((_, command),) = world.publisher.taken
        (line,) = [getattr(each, AUDIT) for each in caplog.records if hasattr(each, AUDIT)]
        assert (line["command_id"], line["command"], line["state"]) == (command.command_id, "reboot", "Sent")

    play(story)


def test_an_answer_that_comes_before_the_brokers_own_stands(play: Play) -> None:
    async def story(world: World) -> None:
        async def answer(device_id: str, command_id: str) -> None:
            await world.commands.answer(device_id, done(command_id))

        world.publisher.during = answer
        record = await world.commands.send("pump", BODY)
        assert (record.state, record.status) == (CommandState.ACKED, "ok")
        assert await world.ask("pump", record.command.command_id) == record

    play(story)


def test_an_answer_that_comes_while_sent_is_kept_is_kept_as_well(play: Play) -> None:
    async def story(world: World) -> None:
        async def answer(command: Mapping[str, Any]) -> None:
            if command["state"] == CommandState.SENT:
                world.store.before_put = None
                await world.commands.answer("pump", done(world.publisher.taken[0][1].command_id))

        world.store.before_put = answer
        record = await world.commands.send("pump", BODY)
        assert record.state is CommandState.ACKED
        assert await world.ask("pump", record.command.command_id) == record

    play(story)


def test_an_answer_that_another_replica_took_meanwhile_stands(play: Play) -> None:
    async def story(world: World) -> None:
        async def answer(device_id: str, command_id: str) -> None:
            await world.other.answer(device_id, done(command_id))

        world.publisher.during = answer
        assert (await world.commands.send("pump", BODY)).state is CommandState.ACKED
        assert world.count(CommandState.SENT) == 0.0, "it never was in this state for anybody"

    play(story)


def test_nobody_answers_for_another_device(play: Play) -> None:
    async def story(world: World) -> None:
        async def answer(_device_id: str, command_id: str) -> None:
            assert await world.commands.answer("fan", done(command_id)) is None

        world.publisher.during = answer
        record = await world.commands.send("pump", BODY)
        assert record.state is CommandState.SENT
        assert await world.commands.answer("fan", done(record.command.command_id)) is None
        assert await world.commands.answer("pump", done("unknown")) is None

    play(story)


def test_the_first_answer_stands(play: Play) -> None:
    async def story(world: World) -> None:
        command_id = (await world.commands.send("pump", BODY)).command.command_id
        first = await world.commands.answer("pump", done(command_id, "failed"))
        second = await world.commands.answer("pump", done(command_id))
        assert first == second == await world.ask("pump", command_id)
        assert (world.count(CommandState.FAILED), world.count(CommandState.ACKED)) == (1.0, 0.0)

    play(story)


def test_who_waits_for_the_outcome_gets_it_at_once_from_this_replica_and_soon_from_another(play: Play) -> None:
    async def story(world: World) -> None:
        for replica, least, most in ((world.commands, 0, 0), (world.other, 0, POLL_SECONDS)):
            record = await world.commands.send("pump", BODY)
            waiting = asyncio.create_task(world.commands.outcome(record, 30))
            await asyncio.sleep(0.25)
            await replica.answer("pump", done(record.command.command_id))
            answered = now()
            assert (await waiting).state is CommandState.ACKED
            assert least <= now() - answered <= most

    play(story)


def test_the_outcome_is_waited_for_no_longer_than_asked_and_not_beyond_our_end(play: Play) -> None:
    async def story(world: World) -> None:
        record = await world.commands.send("pump", BODY)
        begun = now()
        assert (await world.commands.outcome(record, 2.5)).state is CommandState.SENT
        assert now() - begun == pytest.approx(2.5)
        waiting = asyncio.create_task(world.commands.outcome(record, 30))
        await asyncio.sleep(0.25)
        world.commands.notifier.close()
        closed = now()
        assert (await waiting).state is CommandState.SENT
        assert now() == closed

    play(story)


def test_the_outcome_of_a_command_that_expires_is_known_then(play: Play) -> None:
    async def story(world: World) -> None:
        record = await world.commands.send("pump", BODY)
        begun = now()
        got = await world.commands.outcome(record, 300)
        assert got.state_at(world.time()) is CommandState.EXPIRED
        assert 60 <= now() - begun <= 60 + POLL_SECONDS

    play(story)


def test_what_a_device_has_not_answered_is_handed_out_until_it_answers(play: Play) -> None:
    async def story(world: World) -> None:
        world.publisher.has_session = False
        record = await world.commands.send("pump", BODY)
        command_id = record.command.command_id
        assert [each.state for each in await world.commands.pending_for("pump", 0, fetch=False)] == [
            CommandState.NO_SESSION
        ]
        for _ in range(2):
            assert [each.state for each in await world.commands.pending_for("pump", 0, fetch=True)] == [
                CommandState.SENT
            ]
        assert (await world.ask("pump", command_id)).state is CommandState.SENT
        await world.commands.answer("pump", done(command_id))
        assert await world.commands.pending_for("pump", 0, fetch=True) == []

    play(story)


def test_a_device_that_waits_gets_a_command_at_once_from_this_replica_and_soon_from_another(play: Play) -> None:
    async def story(world: World) -> None:
        for replica, most in ((world.commands, 0), (world.other, FETCH_POLL_SECONDS)):
            replica._publisher.has_session = False  # type: ignore[attr-defined] # noqa: SLF001 - ours, see World
            waiting = asyncio.create_task(world.commands.pending_for("pump", 30, fetch=True))
            await asyncio.sleep(0.25)
            record = await replica.send("pump", BODY)
            sent = now()
            (got,) = await waiting
            assert got.command == record.command
            assert now() - sent <= most
            await world.commands.answer("pump", done(record.command.command_id))

    play(story)


def test_what_has_expired_is_handed_out_no_more_and_kept_as_expired(play: Play) -> None:
    async def story(world: World) -> None:
        record = await world.commands.send("pump", BODY)
        await asyncio.sleep(61)
        assert await world.commands.pending_for("pump", 0, fetch=True) == []
        assert (await world.ask("pump", record.command.command_id)).state is CommandState.EXPIRED
        assert world.count(CommandState.EXPIRED) == 1.0

    play(story)


def test_a_command_that_another_replica_is_sending_is_left_to_it_for_a_while(play: Play) -> None:
    async def story(world: World) -> None:
        command = Command("c" * 32, BEGAN + dt.timedelta(minutes=5), {"command": "reboot"})
        await CommandRepository(world.store).put(CommandRecord("pump", command, BEGAN))
        assert await world.commands.pending_for("pump", 0, fetch=False) == []
        await asyncio.sleep(SENDING.total_seconds() + 0.1)
        assert [each.command for each in await world.commands.pending_for("pump", 0, fetch=False)] == [command]

    play(story)
