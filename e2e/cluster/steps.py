"""What `up` and `down` print: each step with the time since the beginning."""

import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Steps:
    """Prints steps with the seconds since this was made."""

    began: float = field(default_factory=time.monotonic)

    def say(self, message: str) -> None:
        """One step."""
        print(f"{time.monotonic() - self.began:6.1f}s  {message}", flush=True)
