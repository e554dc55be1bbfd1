"""Pages of lists that fit the memory, however large their items are."""

from collections.abc import Iterable

import orjson

from edge_wire.store import Page

NO_END = 2**63 - 1
"""Larger than every offset and every id of rows (SQLite: 64-bit integers)."""

MAX_PAGE_BYTES = 4 * 1024 * 1024
"""Maximum bytes of a page with more than one item."""


def paginate(rows: Iterable[tuple[int, bytes]], limit: int) -> Page[orjson.Fragment]:
    """Return the first page of `rows`, which is consumed only as far as needed.

    Args:
        rows: key and JSON of each item; `limit` + 1 of them if there are as many, to show that more follow.
        limit: maximum number of items.
    """
    items: list[orjson.Fragment] = []
    size = 0
    last = 0
    for key, item in rows:
        size += len(item)
        if items and (len(items) >= limit or size > MAX_PAGE_BYTES):
            return Page(items, last)
        items.append(orjson.Fragment(item))
        last = key
    return Page(items, None)
