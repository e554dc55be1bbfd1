"""Runs the programs of a build: bound to this process, their output kept for the message when they fail."""

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from e2e.cluster.errors import HarnessError
from e2e.cluster.keeper import tied

LINES = 15


def run(
    command: Sequence[str],
    doing: str,
    *,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    each: Callable[[str], object] = lambda _: None,
) -> str:
    """Run a program to its end; what it wrote, output and errors together.

    Args:
        command: the program, found on the PATH of this process, and its arguments.
        doing: what it is run for, for the message.
        directory: where it runs.
        environment: its whole environment; this process's by default.
        each: gets every line as it is written.

    Raises:
        HarnessError: it is not installed, or it failed; with the end of what it said.
    """
    program = shutil.which(command[0])
    if not program:
        raise HarnessError(f"{doing} needs `{command[0]}`, which is not on PATH")
    # Tied to this process: a killed build must not go on.
    lines = []
    with subprocess.Popen(
        tied([program, *command[1:]]),
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            each(line.rstrip())
    if process.returncode != 0:
        end = "".join(lines[-LINES:])
        raise HarnessError(f"{doing} failed: `{' '.join(command)}` ended with {process.returncode}:\n{end}")
    return "".join(lines)
