"""A stranger's pod in the site's namespace reaches the doors that are meant for it, and none of the inner ones."""

import json

import pytest

from e2e.fleet import IMAGE, RESTRICTED, UNPRIVILEGED
from e2e.kubernetes import Kubernetes

KNOCK = """
import socket, sys, time
service, port, expected = sys.argv[1], int(sys.argv[2]), sys.argv[3]
deadline = time.monotonic() + 60
while True:
    try:
        socket.create_connection((service, port), timeout=5).close()
        answer = "open"
    except TimeoutError:
        answer = "shut"
    except OSError as error:
        answer = str(error)
    if answer in ("open", expected) or time.monotonic() > deadline:
        break
    time.sleep(0.2)
print(answer)
"""
"""Knocks until the answer is the expected one, or the door is open.

A Service refuses while the node's proxy has not learned of its endpoints, which comes after its pods are Ready; its
name is not known, or knocks time out, while name server and policies have not learned of Service and stranger. A door
that should be shut and opens once is open.
"""


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
        ("plant-storage", 8081, "shut"),
        ("plant-processor", 8080, "shut"),
    ],
)
def test_door(cluster: Kubernetes, namespace: str, stranger: str, service: str, port: int, answer: str) -> None:
    knock = (service, str(port), answer)
    said = cluster.kubectl("exec", "-n", namespace, stranger, "--", "python3", "-c", KNOCK, *knock)
    assert said.strip() == answer
