"""One build of many: its lines in the log, and what became of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from e2e.cluster.errors import HarnessError
from e2e.cluster.steps import Steps


@dataclass(frozen=True)
class Task:
    """Something to be built.

    Attributes:
        title: what a person calls it.
        build: builds it; raises HarnessError if that fails.
        hindrance: says why it cannot be on this machine, in words that follow "because"; None if it can.
    """

    title: str
    build: Callable[[], object]
    hindrance: Callable[[], str | None] = lambda: None

    def run(self, steps: Steps) -> bool:
        """Build it, and log the begin and the end; whether nothing went wrong.

        What cannot be on this machine is not built: its tests are not run.
        """
        if reason := self.hindrance():
            steps.say(f"{self.title}: not built, because {reason}")
            return True
        began = time.monotonic()
        steps.say(f"{self.title}: begun")
        try:
            self.build()
        except (HarnessError, OSError) as error:
            steps.say(f"{self.title}: cannot be built: {error}")
            return False
        steps.say(f"{self.title}: done in {time.monotonic() - began:.1f} s")
        return True
