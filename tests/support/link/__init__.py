"""A link between programs of this machine and a far end, which can be disturbed; for root on Linux."""

from tests.support.link.link import Link
from tests.support.link.state import State

__all__ = ["Link", "State"]
