"""A real Kubernetes for tests and for trying things out; `python -m e2e.cluster --help`."""
