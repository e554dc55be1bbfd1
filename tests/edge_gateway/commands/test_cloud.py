"""Commands of the cloud, requested again and again, with the store's own rule of what stands; no network."""

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from edge_gateway.auth.actor import Actor
from edge_gateway.commands.audit import CommandAudit
from edge_gateway.commands.cloud import CloudCommands
from edge_gateway.commands.repository import CommandRepository
from edge_gateway.commands.service import SENDING
from edge_logs import AUDIT
from edge_service.mqtt import NotConnectedError
from edge_service.problem import ProblemError
from edge_storage.database.connections import open_writer
from edge_wire.messages import CommandAck, format_timestamp
from edge_wire.store import CommandState
from tests.edge_gateway.commands.test_service import BEGAN, World
from tests.edge_operator.cluster.virtual import run_virtual

EXPIRES_SECONDS = 60.0


def body(command_id: str = "m-1", seconds: float = EXPIRES_SECONDS, **fields: Any) -> bytes:
    expires_at = format_timestamp(BEGAN + dt.timedelta(seconds=seconds))
    return orjson.dumps({"command_id": command_id, "command": "open", "expires_at": expires_at} | fields)


class CloudWorld(World):
    """A replica of the gateway, as far as commands of the cloud go."""

    def cloud(self) -> CloudCommands:
        return CloudCommands(self.commands, CommandRepository(self.store), self.commands._audit, self.time)  # noqa: SLF001

    def of_other_replica(self) -> CloudCommands:
        return CloudCommands(self.other, CommandRepository(self.store), self.other._audit, self.time)  # noqa: SLF001

    @property
    def sent(self) -> list[str]:
        return [command.command_id for _, command in self.publisher.taken]


Story = Callable[[CloudWorld], Awaitable[None]]
Play = Callable[[Story], None]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Run a story on a virtual clock with an empty database of the store."""
    connection = open_writer(tmp_path)

    async def told(story: Story) -> None:
        await story(CloudWorld(connection))

    yield lambda story: run_virtual(told(story))
    connection.close()


def test_the_same_id_again_is_not_sent_again(play: Play) -> None:
    async def story(world: CloudWorld) -> None:
        first = await world.cloud().send("pump", body())
        await asyncio.sleep(2 * SENDING.total_seconds())
        assert await world.cloud().send("pump", body()) == first
        assert await world.of_other_replica().send("pump", body()) == first
        assert (first.state, first.actor) == (CommandState.SENT, Actor.CLOUD)
        await world.commands.answer("pump", CommandAck("m-1", "ok", 7))
        again = await world.cloud().send("pump", body())
        assert (again.state, again.result, world.sent) == (CommandState.ACKED, 7, ["m-1"])

    play(story)


def test_two_requests_at_once_are_sent_once(play: Play) -> None:
    async def story(world: CloudWorld) -> None:
        async def slow(*_: Any) -> None:
            await asyncio.sleep(3 * SENDING.total_seconds())

        world.publisher.during = slow
        await asyncio.gather(*(world.cloud().send("pump", body()) for _ in range(5)))
        assert world.sent == ["m-1"]

        # Also one that comes while the first is still being sent, later than another replica would wait.
        sending = asyncio.create_task(world.cloud().send("pump", body("m-2")))
        await asyncio.sleep(1.5 * SENDING.total_seconds())
        assert (await world.cloud().send("pump", body("m-2"))).state is CommandState.QUEUED
        await sending
        assert world.sent == ["m-1", "m-2"]

    play(story)


def test_another_replica_leaves_a_command_to_the_one_that_sends_it(play: Play) -> None:
    async def story(world: CloudWorld) -> None:
        async def slow(*_: Any) -> None:
            await asyncio.sleep(SENDING.total_seconds() / 2)

        world.publisher.during = slow
        sending = asyncio.create_task(world.cloud().send("pump", body()))
        await asyncio.sleep(SENDING.total_seconds() / 4)
        assert (await world.of_other_replica().send("pump", body())).state is CommandState.QUEUED
        await sending
        assert (world.sent, world.elsewhere.taken) == (["m-1"], [])

    play(story)


def test_the_same_id_for_two_devices_is_two_commands(play: Play) -> None:
    async def story(world: CloudWorld) -> None:
        async def both(device_id: str, command_id: str) -> None:
            await asyncio.sleep(0.1)
            await world.commands.answer(device_id, CommandAck(command_id, "ok", device_id))

        world.publisher.during = both
        await asyncio.gather(*(world.cloud().send(name, body()) for name in ("pump", "fan")))
        for name in ("pump", "fan"):
            assert (await world.ask(name, "m-1")).result == name

    play(story)


def test_what_a_killed_replica_has_not_sent_is_sent_with_the_same_id(play: Play) -> None:
    async def story(world: CloudWorld) -> None:
        async def killed(*_: Any) -> None:
            await asyncio.Event().wait()

        world.publisher.during = killed
        sending = asyncio.create_task(world.cloud().send("pump", body()))
        await asyncio.sleep(0.1)
        sending.cancel()
        world.commands._sending.clear()  # noqa: SLF001 - another process
        world.publisher.during = None
        await asyncio.sleep(SENDING.total_seconds())
        assert (await world.cloud().send("pump", body())).state is CommandState.SENT
        assert world.sent == ["m-1", "m-1"]
        await world.cloud().send("pump", body())
        assert world.sent == ["m-1", "m-1"]

    play(story)


def test_a_broker_that_is_lost_while_sending_costs_a_repetition(play: Play) -> None:
    async def story(world: CloudWorld) -> None:
        world.publisher.error = NotConnectedError("lost")
        with pytest.raises(ProblemError, match="may not have been sent"):
            await world.cloud().send("pump", body())
        world.publisher.error = None
        await asyncio.sleep(SENDING.total_seconds() + 0.1)
        assert (await world.cloud().send("pump", body())).state is CommandState.SENT
        assert world.sent == ["m-1", "m-1"]

    play(story)


def test_without_the_broker_nothing_is_kept_but_known_commands_are_shown(play: Play) -> None:
    async def story(world: CloudWorld) -> None:
        await world.cloud().send("pump", body("m-0"))
        world.publisher.is_away = True
        with pytest.raises(ProblemError):
            await world.cloud().send("pump", body("m-1"))
        assert await world.commands.find("pump", "m-1") is None
        assert (await world.cloud().send("pump", body("m-0"))).state is CommandState.SENT

    play(story)


@pytest.mark.parametrize("is_away", [False, True])
def test_an_expired_command_is_not_sent_and_its_state_is_kept(play: Play, is_away: bool) -> None:  # noqa: FBT001
    async def story(world: CloudWorld) -> None:
        world.publisher.is_away = is_away
        for _ in range(2):
            assert (await world.cloud().send("pump", body(seconds=0))).state is CommandState.EXPIRED
        assert world.sent == []
        assert (await world.ask("pump", "m-1")).state is CommandState.EXPIRED

    play(story)


def test_a_command_that_expires_later_is_not_sent_again(play: Play) -> None:
    async def story(world: CloudWorld) -> None:
        world.publisher.error = NotConnectedError("lost")
        with pytest.raises(ProblemError):
            await world.cloud().send("pump", body())
        world.publisher.error = None
        await asyncio.sleep(EXPIRES_SECONDS)
        record = await world.cloud().send("pump", body())
        assert record.state_at(world.time()) is CommandState.EXPIRED
        assert world.sent == ["m-1"]

    play(story)


@pytest.mark.parametrize("fields", [{"command": "close"}, {"params": {"to": 1}}, {"ticket": 1}])
def test_an_id_belongs_to_one_command(play: Play, fields: dict[str, Any]) -> None:
    async def story(world: CloudWorld) -> None:
        await world.cloud().send("pump", body())
        with pytest.raises(ProblemError) as refused:
            await world.cloud().send("pump", body(**fields))
        assert (refused.value.problem.status, refused.value.problem.reason) == (409, "CommandIdInUse")
        assert world.sent == ["m-1"]

    play(story)


def test_the_cloud_sees_and_repeats_only_its_own(play: Play) -> None:
    async def story(world: CloudWorld) -> None:
        theirs = (await world.commands.send("pump", b'{"command":"open"}')).command
        await world.cloud().send("pump", body())
        assert await world.cloud().find("pump", theirs.command_id) is None
        assert await world.cloud().find("pump", "none") is None
        assert await world.cloud().find("pump", "m-1") is not None
        with pytest.raises(ProblemError, match="another command"):
            await world.cloud().send("pump", body(theirs.command_id))

    play(story)


def test_each_command_is_one_line_with_its_actor(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    async def story(world: CloudWorld) -> None:
        theirs = (await world.commands.send("pump", b'{"command":"reboot","expires_in":"60s"}')).command.command_id
        for _ in range(3):
            await world.cloud().send("pump", body())
            await world.cloud().send("pump", body("m-2", seconds=0))
        await world.commands.answer("pump", CommandAck("m-1", "ok"))
        CommandAudit(world.commands._audit._states).refused(Actor.CLOUD, "pump", body("m-3"), "NotNow")  # noqa: SLF001
        CommandAudit(world.commands._audit._states).refused(Actor.CLOUD, "pump", b"\xff", "UnreadableBody")  # noqa: SLF001
        lines = [getattr(line, AUDIT) for line in caplog.records if hasattr(line, AUDIT)]
        assert lines == [
            {"actor": "api-token", "device": "pump", "command_id": theirs, "command": "reboot", "state": "Sent"},
            {"actor": "cloud", "device": "pump", "command_id": "m-1", "command": "open", "state": "Sent"},
            {"actor": "cloud", "device": "pump", "command_id": "m-2", "command": "open", "state": "Expired"},
            line("m-3", "open", "NotNow"),
            line("", "", "UnreadableBody"),
        ]
        figure = world.registry.get_sample_value
        for actor, state, count in (
            ("api-token", "Queued", 1.0),
            ("cloud", "Queued", 1.0),
            ("cloud", "Sent", 1.0),
            ("cloud", "Acked", 1.0),
            ("cloud", "Expired", 1.0),
            ("cloud", "Refused", 2.0),
        ):
            assert figure("commands_total", {"actor": actor, "state": state}) == count, (actor, state)

    def line(command_id: str, command: str, reason: str) -> dict[str, str]:
        members = {"actor": "cloud", "device": "pump", "command_id": command_id, "command": command}
        return members | {"state": "Refused", "reason": reason}

    caplog.set_level(logging.INFO)
    play(story)
