"""What every test may use: the control plane, our CRDs on it, operators that run against it, brokers, a node."""

pytest_plugins = [
    "e2e.cluster.fixture",
    "e2e.cluster.node_fixture",
    "e2e.story_fixture",
    "tests.support.mosquitto",
    "tests.support.operators",
]
