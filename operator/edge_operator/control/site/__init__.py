"""The reconciler of an EdgeSite."""
