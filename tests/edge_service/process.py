"""The site's programs as processes under test."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.child import HOST, START_SECONDS, Child
from tests.support.processes import eventually


@dataclass
class ServiceProcess(Child):
    """One program as a process.

    Attributes:
        module: what `python -m` runs.
        directory: where its output goes.
        name: of the files with its output.
        environment: its settings.
        arguments: its flags.
        prefix: what precedes the command, such as a program that enters a namespace.
    """

    listening = f"listening on http://{HOST}:([0-9]+)"

    module: str
    directory: Path
    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    arguments: Sequence[str] = ()
    prefix: Sequence[str] = ()

    def command(self) -> list[str]:
        """Return what is run."""
        return [*self.prefix, sys.executable, "-m", self.module, *self.arguments]

    def variables(self) -> dict[str, str]:
        """Return its whole environment."""
        return {"PATH": os.environ["PATH"], "HOST": HOST, "PORT": "0", "INGEST_PORT": "0", **self.environment}

    @property
    def log(self) -> Path:
        """What it logged, over all its starts."""
        return self.directory / f"{self.name}.log"

    def events(self) -> list[dict[str, Any]]:
        """Return the whole lines that it printed, as JSON."""
        text = self.output.read_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def await_ready(self) -> "ServiceProcess":
        """Return once it is ready."""
        eventually(f"{self.name} is ready", lambda: self.get("/ready")[0] == 200 or None, START_SECONDS)
        return self
