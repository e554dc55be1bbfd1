"""The log that a sink delivers from: an offset names another reading in another log."""

from edge_wire.store import FencedError, LogPage


class KnownLog:
    """Detects that the store has another database than before: a restored one, or a new one.

    Args:
        log_id: of the log; empty if the first answer of the store has it.

    Attributes:
        log_id: of the log; empty until it is known.
    """

    def __init__(self, log_id: str = "") -> None:
        self.log_id = log_id

    def check(self, page: LogPage, reached_offset: int = 0) -> None:
        """Check that an answer of the store is about this log, and not older than the offset `reached_offset`.

        Raises:
            FencedError: the store has another database.
        """
        self.log_id = self.log_id or page.log_id
        if page.newest_offset < reached_offset or page.log_id != self.log_id:
            raise FencedError(
                f"the log of the store is {page.log_id} with the newest offset {page.newest_offset}, and was"
                f" {self.log_id} with {reached_offset}: it has another database; starting again"
            )
