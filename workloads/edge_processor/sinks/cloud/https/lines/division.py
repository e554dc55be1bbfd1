"""Finds the lines that a server rejects: it sends halves until one line is left."""

from collections.abc import Awaitable, Callable, Sequence

from edge_processor.sinks.cloud.https.lines.body import pieces
from edge_processor.sinks.cloud.https.lines.verdict import Taken, Verdict

GROW_REQUESTS = 100
"""Number of accepted requests after which larger ones are tried again."""

Rejected = tuple[tuple[int, str], ...]
"""Positions of rejected lines, with the reason."""


class Division:
    """Sends lines in requests that the server accepts, in order.

    Args:
        most_lines: maximum number of lines in a request.
    """

    def __init__(self, most_lines: int) -> None:
        self._limit_lines = most_lines
        self._most_lines = most_lines
        self._accepted = 0

    async def deliver(self, lines: Sequence[bytes], post: Callable[[slice], Awaitable[Verdict]]) -> Rejected:
        """Send `lines` and return those that are rejected; all others are delivered.

        Args:
            lines: to send.
            post: sends a slice of the lines and returns what the server says about it.
        """
        rejected: list[tuple[int, str]] = []
        waiting = pieces(lines, self._most_lines)[::-1]
        while waiting:
            part = waiting.pop()
            count = part.stop - part.start
            verdict = await post(part)
            if isinstance(verdict, Taken):
                rejected.extend((part.start + line, reason) for line, reason in verdict.rejected)
                self._grow()
            elif count == 1:
                rejected.append((part.start, verdict.reason))
                if verdict.is_too_large:  # because of this line, not of their number
                    self._most_lines = self._limit_lines
            else:
                if verdict.is_too_large:
                    self._most_lines, self._accepted = min(self._most_lines, count // 2), 0
                middle = part.start + count // 2
                waiting += [slice(middle, part.stop), slice(part.start, middle)]
        return tuple(rejected)

    def _grow(self) -> None:
        self._accepted += 1
        if self._most_lines < self._limit_lines and self._accepted >= GROW_REQUESTS:
            self._most_lines, self._accepted = min(self._most_lines * 2, self._limit_lines), 0
