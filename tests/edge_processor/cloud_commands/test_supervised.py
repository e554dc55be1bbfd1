"""What happens to the commands of the cloud does not end the ingester: settings that cannot be used, errors, floods."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
import pytest
from prometheus_client import CollectorRegistry

from edge_logs import AUDIT
from edge_processor import supervised
from edge_processor.cloud_commands import build_cloud_commands
from edge_processor.cloud_commands.command import CloudCommand, CommandResult
from edge_processor.cloud_commands.gateway_client import GatewayClient
from edge_processor.cloud_commands.open_commands import MAX_OPEN_OF_DEVICE
from edge_processor.cloud_commands.runner import CloudCommands
from edge_processor.cloud_commands.supervised import SupervisedCommands
from edge_processor.metrics import ProcessorMetrics
from edge_processor.settings import ProcessorSettings
from tests.edge_processor.cloud_commands.conftest import CommandedSite
from tests.edge_service.waiting import eventually

UNUSABLE = [
    "mqtts://h:8883/p?x=1",
    "mqtts://h:8883/a+b",
    "mqtts://h:8883/a#b",
    "mqtts://user:geheim@h",
    "https://user:geheim@h/edge",
    "https://",
    "ftp://h",
    "h",
]


class Broken:
    """A `CommandSource` that fails a number of times, and then has commands.

    Attributes:
        failures: it fails so many times more.
        starts: number of times that it was entered.
        results: that it got.
    """

    def __init__(self, failures: int, commands: Sequence[CloudCommand] = ()) -> None:
        self.failures = failures
        self.starts = 0
        self.results: list[CommandResult] = []
        self._commands = list(commands)

    async def __aenter__(self) -> Self:
        self.starts += 1
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open."""

    async def receive(self) -> Sequence[CloudCommand]:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("broken")
        if not self._commands:
            await asyncio.Event().wait()
        found, self._commands = self._commands, []
        return found

    async def answer(self, command: CloudCommand, result: CommandResult) -> None:
        del command
        self.results.append(result)


def handling(source: Broken) -> CloudCommands:
    """Return what handles commands, without a gateway."""
    gateway = GatewayClient("http://127.0.0.1:1", Path("/none"))
    return CloudCommands(source, gateway, ProcessorMetrics(CollectorRegistry()))


async def end(running: "asyncio.Task[None]") -> None:
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("endpoint", UNUSABLE)
async def test_an_endpoint_that_cannot_be_used_is_logged_once(
    endpoint: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    settings = ProcessorSettings(
        cloud_endpoint=endpoint, cloud_commands=True, gateway_url="http://g", gateway_token_file=tmp_path / "token"
    )
    (commands,) = build_cloud_commands(settings, ProcessorMetrics(CollectorRegistry()))
    running = asyncio.create_task(commands.run())
    await eventually("logged", lambda: "commands of the cloud are not handled: CLOUD_ENDPOINT" in caplog.text)
    await asyncio.sleep(0.1)
    assert not running.done(), "the end of a task of the ingester begins its shutdown"
    assert len([line for line in caplog.records if line.levelno >= logging.ERROR]) == 1
    assert "geheim" not in caplog.text
    await end(running)


async def test_an_unexpected_error_is_logged_and_it_starts_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervised, "FIRST_RESTART_SECONDS", 0.05)
    source = Broken(failures=2)
    made: list[CloudCommands] = []

    def connect() -> CloudCommands:
        made.append(handling(source))
        return made[-1]

    running = asyncio.create_task(SupervisedCommands(connect).run())
    await eventually("the third start", lambda: source.starts == 3)
    await asyncio.sleep(0.2)
    assert not running.done()
    assert (source.starts, len(made)) == (3, 3)
    assert caplog.text.count("the handling of the cloud's commands failed and is started again") == 2
    await end(running)


async def test_too_many_commands_of_a_device_are_in_the_audit(caplog: pytest.LogCaptureFixture) -> None:
    name = "x" * 300
    wanted = [{"device_id": "d1", "command_id": f"m-{number}", "command": name} for number in range(102)]
    source = Broken(0, [CloudCommand.from_document(each) for each in wanted])
    running = asyncio.create_task(handling(source).run())
    await eventually("the refusals", lambda: len(source.results) == len(wanted) - MAX_OPEN_OF_DEVICE)
    await end(running)
    assert {each.reason for each in source.results} == {"TooManyCommands"}
    lines = [getattr(line, AUDIT) for line in caplog.records if hasattr(line, AUDIT)]
    more = {"command": name[:256], "state": "Refused", "reason": "TooManyCommands"}
    assert lines == [{"actor": "cloud", "device": "d1", "command_id": f"m-{number}"} | more for number in (100, 101)]


async def test_a_site_with_an_unusable_endpoint_stores_readings(commanded: CommandedSite, tmp_path: Path) -> None:
    running = commanded.processor("mqtts://127.0.0.1:8883/p?x=1", tmp_path).start()
    running.await_ready()
    async with commanded.site.device("d1") as session:
        await session.publish("devices/d1/data", orjson.dumps({"sensor_type": "t", "value": 1}))
    await asyncio.to_thread(commanded.site.await_stored, 1)
    said: list[dict[str, Any]] = [orjson.loads(line) for line in running.log.read_bytes().splitlines()]
    assert any("commands of the cloud are not handled: CLOUD_ENDPOINT" in each["message"] for each in said)
