"""The main function of a program: flags, settings, logs, event loop, graceful shutdown."""

import argparse
import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from edge_service import logs
from edge_service.commands import FAILED, Command, add_commands, run_command

if TYPE_CHECKING:
    from edge_service.settings import ProgramSettings

SettingsT = TypeVar("SettingsT", bound="ProgramSettings")

WRONG_SETTINGS = 2
"""Exit status of a program with wrong settings."""

logger = logging.getLogger(__name__)


class StartError(Exception):
    """The program cannot start; the message names the setting."""


def cannot_listen(host: str, port: int, error: OSError, settings: str) -> StartError:
    """Return the error of an address that is not available; `settings` are those that select it."""
    return StartError(f"cannot listen on {host}:{port} ({error.strerror or error}): set {settings}")


@dataclass(frozen=True, slots=True)
class Program(Generic[SettingsT]):
    """A console program.

    Attributes:
        name: of the console script.
        about: one sentence on the program, for `--help`.
        settings: the class of its settings.
        serve: runs until the event is set (by SIGTERM or SIGINT), then shuts down gracefully.
        commands: what the program can do instead, by its first argument.
    """

    name: str
    about: str
    settings: type[SettingsT]
    serve: Callable[[SettingsT, asyncio.Event], Awaitable[None]]
    commands: Sequence[Command] = ()

    def run(self, arguments: Sequence[str] | None = None) -> NoReturn:
        """Run the program.

        Raises:
            SystemExit: always: 0 after a graceful shutdown, 2 if it cannot start (wrong settings), 1 if it failed.
        """
        parser = self._parser()
        given = parser.parse_args(arguments)
        command: Command | None = getattr(given, "command", None)
        if command is not None:
            run_command(self.name, command, given)
        settings = self.settings.load()
        run(self.name, lambda stop: self.serve(settings, stop), settings.log_level)

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(
            prog=self.name,
            description=self.about,
            epilog=f"environment:\n{self.settings.described()}".replace("%", "%%"),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.add_argument("--version", action="version", version=f"%(prog)s {release()}")
        add_commands(parser, self.commands)
        return parser


def release() -> str:
    """Return the version of this program."""
    return version("edge-stack")


def run(name: str, serve: Callable[[asyncio.Event], Awaitable[None]], log_level: str) -> NoReturn:
    """Run `serve` in an event loop until it ends; a first SIGTERM or SIGINT sets its event, a second cancels it.

    Raises:
        SystemExit: always; with code 0, 1 or 2 as in `Program.run`.
    """
    logs.configure(log_level)
    logger.info("starting %s %s", name, release())
    try:
        asyncio.run(_until_stopped(serve))
    except StartError as error:
        logger.error("%s cannot start: %s", name, error)  # noqa: TRY400 - the message is complete
        raise SystemExit(WRONG_SETTINGS) from None
    except asyncio.CancelledError:
        logger.warning("%s received a second signal; exiting immediately", name)
        raise SystemExit(FAILED) from None
    except Exception:
        logger.exception("%s failed", name)
        raise SystemExit(FAILED) from None
    logger.info("%s stopped", name)
    raise SystemExit(0)


async def _until_stopped(serve: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    this = asyncio.current_task()

    def stop_or_cancel() -> None:
        if stop.is_set() and this is not None:
            this.cancel()
        stop.set()

    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop_or_cancel)
    await serve(stop)


async def until(stop: asyncio.Event, *tasks: Coroutine[Any, Any, None]) -> None:
    """Run `tasks` concurrently until `stop` is set; then cancel them.

    Raises:
        ExceptionGroup: one failed; the others have been cancelled.
    """
    async with asyncio.TaskGroup() as group:
        started = [group.create_task(task) for task in tasks]
        await stop.wait()
        for task in started:
            task.cancel()
