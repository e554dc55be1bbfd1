"""When to reconcile: informers, the work queue, its workers, and the periodic resync."""
