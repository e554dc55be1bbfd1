"""Lists in parts that fit the memory, however large their items are."""

from collections.abc import Iterable

import orjson

from edge_wire.store import Page

NO_END = 2**63 - 1
"""Before it lies every offset and every id."""

MAX_PAGE_BYTES = 4 * 1024 * 1024
"""A page ends early where its items have more; a single one may."""


def paginate(rows: Iterable[tuple[int, bytes]], limit: int) -> Page[orjson.Fragment]:
    """Return the first of `rows`, which are taken only as far as needed.

    Args:
        rows: Key and JSON of each item; to know whether more follow, of at least `limit` + 1 where there are as many.
        limit: How many there may be.
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
