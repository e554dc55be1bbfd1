"""What every test may use: the control plane, our CRDs on it, and operators that run against it."""

pytest_plugins = ["e2e.cluster.fixture", "tests.support.operators"]
