"""Decides when to reconcile: informers, work queues, workers and the periodic resync."""
