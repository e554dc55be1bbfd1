"""The edge-stack operator: reconciles EdgeSite and EdgeDevice."""
