"""How long, how often and how much: the figures that the pages promise, or that the machine was measured for."""

import pytest

from edge_operator.control.apply import field_conflicts, refusals
from edge_operator.control.cache import child_cache, compact, user_passwords
from edge_operator.control.credentials import rotation
from edge_operator.control.diff import desired_object, observed
from edge_operator.control.liveness import connectivity_snapshot, retry_queue
from edge_operator.control.loop import informers, renewal, work_queue
from edge_operator.control.site_broker import drops, retained_cleanup
from edge_operator.status import device_counts

LIMITS = {
    "a field is contested at the third time": (field_conflicts.RETAKES, 3),
    "in five minutes": (field_conflicts.WINDOW_SECONDS, 300.0),
    "a broker that dropped is told of for ten minutes": (drops.REPORT_SECONDS, 600.0),
    "counts of devices are written twice a minute at most": (device_counts.PERIOD_SECONDS, 30.0),
    "half a second of changes of devices is one password file": (informers.BATCH_SECONDS, 0.5),
    "and two of new ones, which nobody waits for": (informers.NEW_BATCH_SECONDS, 2.0),
    "a device has ten seconds to turn up": (retained_cleanup.SETTLE_SECONDS, 10.0),
    "a refused status is tried again within five minutes": (retry_queue.LONGEST_SECONDS, 300.0),
    "a failed pass is made again after half a second": (work_queue.MIN_BACKOFF_SECONDS, 0.5),
    "and within five minutes": (work_queue.MAX_BACKOFF_SECONDS, 300.0),
    "a refused write is sent again after two seconds": (refusals.MIN_BACKOFF_SECONDS, 2.0),
    "and within two minutes": (refusals.MAX_BACKOFF_SECONDS, 120.0),
    "a wall clock that was set is noticed within the hour": (renewal.MAX_SECONDS, 3600.0),
    "times in a status are whole seconds": (connectivity_snapshot.SAME_SECONDS, 1.0),
    "words in memory": (compact.WORDS, 8192),
    "deletions in memory": (child_cache.MAX_TOMBSTONES, 4096),
}


@pytest.mark.parametrize(("limit", "promised"), LIMITS.values(), ids=LIMITS)
def test_limit(limit: float, promised: float) -> None:
    assert limit == promised


NAMES = {
    "what was applied last": (desired_object.INTENT_HASH, "edge-stack.io/intent-hash"),
    "ours": (observed.MANAGED_BY, "app.kubernetes.io/managed-by"),
    "annotations that are kept": (observed.PREFIX, "edge-stack.io/"),
    "Secrets that may be read": (user_passwords.SELECTOR, "edge-stack.io/device-credentials=true"),
    "password in a Secret": (rotation.ROTATION, "edge-stack.io/rotation"),
    "the one before": (rotation.BEFORE, "edge-stack.io/rotation-before"),
    "since when": (rotation.SINCE, "edge-stack.io/rotated-at"),
}


@pytest.mark.parametrize(("name", "stored"), NAMES.values(), ids=NAMES)
def test_name_that_stands_in_clusters_already(name: str, stored: str) -> None:
    assert name == stored
