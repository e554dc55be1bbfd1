"""The reconciler of an EdgeDevice's identity."""
