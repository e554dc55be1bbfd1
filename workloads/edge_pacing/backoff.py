"""Exponential back-off with jitter."""

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Waits that double from `first` to `longest`, each multiplied by a random factor from 0.5 to 1.

    Attributes:
        first: the first wait in seconds.
        longest: the longest wait in seconds.
    """

    first: float = 0.2
    longest: float = 5.0
    _next: float = field(default=0.0, init=False)

    def next(self) -> float:
        """Return the seconds to wait now."""
        whole = min(self._next or self.first, self.longest)
        self._next = whole * 2
        return whole * random.uniform(0.5, 1.0)  # noqa: S311 - to spread attempts, not to hide anything

    def reset(self) -> None:
        """Start with the first wait again: an attempt has succeeded."""
        self._next = 0.0
