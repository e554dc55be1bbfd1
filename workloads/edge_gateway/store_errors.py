"""What the store's errors mean to whoever asked the gateway."""

from collections.abc import Iterator
from contextlib import contextmanager

from edge_gateway.problem import unavailable
from edge_wire.store import StoreUnavailableError


@contextmanager
def translated() -> Iterator[None]:
    """Turn an unreachable store into 503 with Retry-After.

    Raises:
        ProblemError: the store is away.
    """
    try:
        yield
    except StoreUnavailableError as error:
        detail = f"cannot reach the site's store: try again ({error})"
        raise unavailable("StoreUnavailable", detail) from error
