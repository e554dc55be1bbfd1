"""Cursors of queries by time: where the next page begins. Pure."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Self

from edge_wire.messages.timestamps import parse_timestamp
from edge_wire.store.reading_query import QueryError

_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
_POSITION = re.compile(rf"({_TIME})/(\d{{1,19}})", re.ASCII)
_BEGIN = re.compile(_TIME, re.ASCII)


@dataclass(frozen=True, slots=True)
class ReadingCursor:
    """The last reading of a page.

    Attributes:
        timestamp: of the reading, as in its JSON.
        offset: of the reading.
    """

    timestamp: str
    offset: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cursor in `text`.

        Raises:
            QueryError: it is not such a cursor.
        """
        found = _POSITION.fullmatch(text)
        if found is None:
            raise _wrong()
        return cls(found[1], int(found[2]))

    def __str__(self) -> str:
        """Return the cursor as text."""
        return f"{self.timestamp}/{self.offset}"


def parse_bucket_cursor(text: str) -> dt.datetime:
    """Return the time at which the next bucket begins.

    Raises:
        QueryError: `text` is not such a cursor.
    """
    begin = parse_timestamp(text) if _BEGIN.fullmatch(text) else None
    if begin is None:
        raise _wrong()
    return begin


def _wrong() -> QueryError:
    return QueryError("cursor", "cursor must be the next of an earlier page of this query; omit it for the first page")
