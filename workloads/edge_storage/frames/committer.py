"""What the listener calls to store a request."""

import logging
from collections.abc import Callable

from edge_wire.messages import MalformedError
from edge_wire.store import FencedError, StoreUnavailableError
from edge_wire.store.frames import CommitAnswer, CommitRequest, Status

logger = logging.getLogger(__name__)


Committer = Callable[[CommitRequest], CommitAnswer]
"""Stores a request and returns the answer after the commit; called in the thread of each connection.

It raises FencedError if the token is not that of the lease, StoreUnavailableError if it cannot commit now, and
MalformedError if the request is wrong.
"""


def answered(commit: Committer, request: CommitRequest) -> CommitAnswer:
    """Return the answer to `request`, whatever happens. Never raises."""
    try:
        return commit(request)
    except FencedError as error:
        return CommitAnswer(Status.FENCED, str(error))
    except StoreUnavailableError as error:
        return CommitAnswer(Status.UNAVAILABLE, str(error))
    except MalformedError as error:
        return CommitAnswer(Status.REFUSED, error.message)
    except Exception as error:
        logger.exception("%d messages were not stored; their sender gets an error", len(request.messages))
        return CommitAnswer(Status.UNAVAILABLE, f"the store failed ({type(error).__name__}): see its log")
