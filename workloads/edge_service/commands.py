"""Further commands of a program, beside the one that serves."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

FAILED = 1
"""Exit status of a command that failed."""


class CommandError(Exception):
    """The command failed; the message names the object and the next step."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a program, such as `edge-storage backup`.

    Attributes:
        name: its first argument.
        about: what it does, for `--help`.
        add_arguments: adds its arguments to a parser.
        run: runs it; raises CommandError.
    """

    name: str
    about: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]


def add_commands(parser: argparse.ArgumentParser, commands: Sequence[Command]) -> None:
    """Add `commands` to the parser of a program; without a command the program serves."""
    if not commands:
        return
    choices = parser.add_subparsers(title="commands", metavar="[COMMAND]")
    for command in commands:
        own = choices.add_parser(command.name, help=command.about, description=command.about)
        command.add_arguments(own)
        own.set_defaults(command=command)


def run_command(program: str, command: Command, arguments: argparse.Namespace) -> NoReturn:
    """Run a command.

    Raises:
        SystemExit: always; with code 0, or 1 if it failed.
    """
    try:
        command.run(arguments)
        sys.stdout.flush()
    except CommandError as error:
        sys.stderr.write(f"{program} {command.name}: {error}\n")
        raise SystemExit(FAILED) from None
    except BrokenPipeError:
        # The reader, such as `head`, has ended. Python would report the error again when it flushes at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(FAILED) from None
    raise SystemExit(0)
