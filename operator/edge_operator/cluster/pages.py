"""Lists in pages: ten thousand objects as JSON take far more memory than what is kept of them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

PAGE_SIZE = 500


async def pages(
    read: Callable[[Mapping[str, str]], Awaitable[dict[str, Any]]], selection: Mapping[str, str] | None = None
) -> AsyncIterator[dict[str, Any]]:
    """Yield the pages of a list, one after the other; all are of the time of the first.

    Args:
        read: returns one page for these query parameters; what it raises is raised here.
        selection: further query parameters, such as a label selector.
    """
    params = {**(selection or {}), "limit": str(PAGE_SIZE)}
    while True:
        page = await read(params)
        yield page
        if not (token := page["metadata"].get("continue")):
            return
        params["continue"] = token


def items(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects of a page; Go writes null for none."""
    return page.get("items") or []
