"""Stores the requests of the listener in the store, in the thread of their connection."""

import logging
from collections import Counter
from functools import partial

from edge_storage.ingest.storing import store_frame, store_frame_singly
from edge_storage.metrics import StorageMetrics
from edge_storage.store import Store
from edge_wire.store import FencedError, StoreUnavailableError
from edge_wire.store.frames import CommitAnswer, CommitRequest

logger = logging.getLogger(__name__)


class StoreCommitter:
    """A `Committer` for an open store, or one that opens later.

    Args:
        store: stores the messages.
        metrics: counts them.
    """

    def __init__(self, store: Store, metrics: StorageMetrics) -> None:
        self._store = store
        self._metrics = metrics

    def __call__(self, request: CommitRequest) -> CommitAnswer:
        """Return the answer to `request` after the commit; errors as of `Committer`."""
        answer = self._commit(request)
        reasons = Counter(each.reason for each in answer.rejections)
        self._metrics.stored(answer.accepted, answer.duplicates, reasons)
        return answer

    def _commit(self, request: CommitRequest) -> CommitAnswer:
        state = self._store.state
        try:
            return self._store.write_here(partial(store_frame, request=request, state=state))
        except (FencedError, StoreUnavailableError):
            raise
        except Exception:
            logger.exception("one of %d messages failed; storing them one by one", len(request.messages))
        return self._store.write_here(partial(store_frame_singly, request=request, state=state))
