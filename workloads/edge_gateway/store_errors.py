"""Translates errors of the store into problems of the gateway."""

from collections.abc import Iterator
from contextlib import contextmanager

from edge_gateway.problem import unavailable
from edge_wire.store import StoreUnavailableError


@contextmanager
def translated() -> Iterator[None]:
    """Translate an unavailable store into 503 with Retry-After.

    Raises:
        ProblemError: the store is unavailable.
    """
    try:
        yield
    except StoreUnavailableError as error:
        detail = f"cannot reach the site's store: try again ({error})"
        raise unavailable("StoreUnavailable", detail) from error
