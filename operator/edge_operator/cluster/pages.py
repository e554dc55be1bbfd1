"""Lists in pages: ten thousand objects as JSON take far more memory than the cached ones."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

PAGE_SIZE = 500
"""Maximum number of objects in a page."""


async def pages(
    read: Callable[[Mapping[str, str]], Awaitable[dict[str, Any]]], selection: Mapping[str, str] | None = None
) -> AsyncIterator[dict[str, Any]]:
    """Yield the pages of a list; all of them show the state at the first page.

    Args:
        read: returns one page for these query parameters; its exceptions are passed on.
        selection: other query parameters, such as a label selector.
    """
    params = {**(selection or {}), "limit": str(PAGE_SIZE)}
    while True:
        page = await read(params)
        yield page
        if not (token := page["metadata"].get("continue")):
            return
        params["continue"] = token


def items(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects of a page; Go encodes an empty list as null."""
    return page.get("items") or []
