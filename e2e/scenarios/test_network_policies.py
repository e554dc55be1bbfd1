"""A stranger's pod in the site's namespace reaches the doors that are meant for it, and none of the inner ones."""

import json

import pytest

from e2e.fleet import IMAGE, RESTRICTED, UNPRIVILEGED
from e2e.kubernetes import Kubernetes

KNOCK = """
import socket, sys, time
deadline = time.monotonic() + 30
while True:
    try:
        socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5).close()
    except TimeoutError:
        print("shut")
    except ConnectionRefusedError:
        if time.monotonic() < deadline:
            time.sleep(0.2)
            continue
        print("refused")
    else:
        print("open")
    break
"""
"""A Service refuses while the node's proxy has not heard of its endpoints; a policy lets knocks time out."""


@pytest.fixture(scope="module")
def stranger(request: pytest.FixtureRequest, plant: str, namespace: str) -> str:
    cluster = request.getfixturevalue("installed").cluster
    spec = {
        "automountServiceAccountToken": False,
        "securityContext": UNPRIVILEGED,
        "containers": [
            {
                "name": "stranger",
                "image": IMAGE,
                "command": ["python3", "-c", "import signal; signal.pause()"],
                "securityContext": RESTRICTED,
            }
        ],
    }
    metadata = {"name": "stranger", "namespace": namespace}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(pod))
    cluster.kubectl("wait", "-n", namespace, "pod/stranger", "--for=condition=Ready", "--timeout=60s")
    return "stranger"


@pytest.mark.parametrize(
    ("service", "port", "answer"),
    [
        ("plant-gateway", 80, "open"),
        ("plant-gateway", 1883, "open"),
        ("plant-mqtt", 1883, "open"),
        ("plant-mqtt", 9001, "open"),
        ("plant-mqtt-internal", 1884, "shut"),
        ("plant-storage", 8080, "shut"),
        ("plant-processor", 8080, "shut"),
    ],
)
def test_door(cluster: Kubernetes, namespace: str, stranger: str, service: str, port: int, answer: str) -> None:
    said = cluster.kubectl("exec", "-n", namespace, stranger, "--", "python3", "-c", KNOCK, service, str(port))
    assert said.strip() == answer
