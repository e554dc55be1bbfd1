"""How long, how often and how much: the figures that the pages promise, or that the machine was measured for."""

import pytest

from edge_operator.control import (
    broker_drops,
    contention,
    figures,
    intent,
    knowledge,
    leftovers,
    observed,
    own_passwords,
    put_off,
    queue,
    refusals,
    renewal,
    rotation,
    slim,
    store,
    told,
)

LIMITS = {
    "a field is contested at the third time": (contention.RETAKES, 3),
    "in five minutes": (contention.WINDOW_SECONDS, 300.0),
    "a broker that dropped is told of for ten minutes": (broker_drops.TOLD_SECONDS, 600.0),
    "counts of devices are written twice a minute at most": (figures.PERIOD_SECONDS, 30.0),
    "half a second of changes of devices is one password file": (knowledge.BATCH_SECONDS, 0.5),
    "and two of new ones, which nobody waits for": (knowledge.NEW_BATCH_SECONDS, 2.0),
    "a device has ten seconds to turn up": (leftovers.SETTLE_SECONDS, 10.0),
    "a refused status is tried again within five minutes": (put_off.LONGEST_SECONDS, 300.0),
    "a failed pass is made again after half a second": (queue.LEAST_BACKOFF_SECONDS, 0.5),
    "and within five minutes": (queue.MOST_BACKOFF_SECONDS, 300.0),
    "a refused write is sent again after two seconds": (refusals.LEAST_BACKOFF_SECONDS, 2.0),
    "and within two minutes": (refusals.MOST_BACKOFF_SECONDS, 120.0),
    "a wall clock that was set is noticed within the hour": (renewal.MOST_SECONDS, 3600.0),
    "times in a status are whole seconds": (told.SAME_SECONDS, 1.0),
    "words in memory": (slim.WORDS, 8192),
    "deletions in memory": (store.REMEMBERED_DELETIONS, 4096),
}


@pytest.mark.parametrize(("limit", "promised"), LIMITS.values(), ids=LIMITS)
def test_limit(limit: float, promised: float) -> None:
    assert limit == promised


NAMES = {
    "what was applied last": (intent.INTENT_HASH, "edge-stack.io/intent-hash"),
    "ours": (observed.MANAGED_BY, "app.kubernetes.io/managed-by"),
    "annotations that are kept": (observed.PREFIX, "edge-stack.io/"),
    "Secrets that may be read": (own_passwords.SELECTOR, "edge-stack.io/device-credentials=true"),
    "password in a Secret": (rotation.ROTATION, "edge-stack.io/rotation"),
    "the one before": (rotation.BEFORE, "edge-stack.io/rotation-before"),
    "since when": (rotation.SINCE, "edge-stack.io/rotated-at"),
}


@pytest.mark.parametrize(("name", "stored"), NAMES.values(), ids=NAMES)
def test_name_that_stands_in_clusters_already(name: str, stored: str) -> None:
    assert name == stored
