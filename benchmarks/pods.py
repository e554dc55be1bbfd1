"""A site in real pods on a real node: at rest, and under load within its default limits; prints tables.

Run by `make bench-pods` as root on Linux, or `python -m benchmarks.pods [--devices 100] [--rate 10] [--seconds 300]`.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from benchmarks.cadvisor import Cadvisor, Usage
from benchmarks.table import Row, print_table
from e2e.cluster.node.node import Node
from e2e.cluster.node.programs import ensure_programs
from e2e.cluster.steps import Steps
from e2e.fleet import Fleet
from e2e.gateway import gateway
from e2e.kubernetes import Kubernetes
from e2e.story import Story
from e2e.tools.helm import NAMESPACE as OPERATOR_NAMESPACE

NAMESPACE, SITE, LISTENER = "bench", "plant", "bench"
SPEC = {"broker": {"managed": {"clients": [{"name": LISTENER, "subscribe": ["cloud/sensors/#"]}]}}}
COMPONENTS = ("gateway", "processor", "storage", "mqtt")
MIB = 1 << 20


@contextmanager
def installed(steps: Steps) -> Iterator[tuple[Node, Story]]:
    """Yield a node of its own with the chart installed and one site that is Ready."""
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as directory:
        node = Node(Path(directory) / "node", ensure_programs())
        node.start(steps.say)
        try:
            story = Story(Kubernetes(node.kubeconfig, Path(directory) / "home"), node.load_image, steps)
            story.bring_images()
            story.install()
            story.cluster.make_namespace(NAMESPACE)
            yield node, story
        finally:
            node.stop(grace=0)


def bring_up(story: Story) -> Row:
    """Apply the site; the time until it is Ready."""
    metadata = {"name": SITE, "namespace": NAMESPACE}
    body = {"apiVersion": "edge-stack.io/v1alpha1", "kind": "EdgeSite", "metadata": metadata, "spec": SPEC}
    story.cluster.kubectl("apply", "-f", "-", stdin=json.dumps(body))
    return Row("kubectl apply → Ready", f"{story.await_ready(NAMESPACE, SITE):.0f} s", "")


class Listener:
    """Takes every processed reading, which is published after the store's commit, and notes how old it is.

    Args:
        cluster: where the site is.
    """

    def __init__(self, cluster: Kubernetes) -> None:
        self.ages: list[float] = []
        login = cluster.secret(NAMESPACE, f"{SITE}-client-{LISTENER}")
        address = cluster.get("service", "-n", NAMESPACE, f"{SITE}-mqtt")["spec"]["clusterIP"]
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(login["username"], login["password"])
        self._client.on_message = self._take
        self._client.connect(address, 1883)
        self._client.subscribe("cloud/sensors/#", qos=0)
        self._client.loop_start()

    def _take(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        sent = datetime.fromisoformat(json.loads(message.payload)["timestamp"])
        self.ages.append(time.time() - sent.timestamp())

    def stop(self) -> None:
        """End the session."""
        self._client.loop_stop()
        self._client.disconnect()


def rest(node: Node, seconds: float) -> list[Row]:
    """Wait some seconds without load; return memory and CPU as the kubelet measures them."""
    cadvisor = Cadvisor(node)
    before = cadvisor.read()
    time.sleep(seconds)
    after = cadvisor.read()
    rows = [usage_row(name, before, after, seconds) for name in COMPONENTS]
    site = sum(after.of(NAMESPACE, name).memory for name in COMPONENTS)
    operator = after.of(OPERATOR_NAMESPACE, "operator")
    each = operator.memory / max(1, operator.pods)
    return [
        *rows,
        Row("whole site, working set", f"{site / MIB:.0f} MiB", "aim ≤ 450 MiB"),
        Row("operator, each of two, working set", f"{each / MIB:.0f} MiB", "aim ≤ 120 MiB"),
    ]


def usage_row(name: str, before: Usage, after: Usage, seconds: float) -> Row:
    """Return one component's memory, CPU and throttling."""
    was, now = before.of(NAMESPACE, name), after.of(NAMESPACE, name)
    cpu = (now.cpu - was.cpu) / seconds * 1000
    periods = now.periods - was.periods
    throttled = 100 * (now.throttled - was.throttled) / periods if periods else 0.0
    said = f"{now.memory / MIB:.0f} MiB, {cpu:.0f}m CPU, {throttled:.1f} % of periods throttled"
    return Row(f"{name} ({now.pods} pods)", said, "")


def load(node: Node, story: Story, fleet: Fleet, seconds: float) -> list[Row]:
    """Send for some seconds; return losses, delays, memory and CPU."""
    cluster, cadvisor = story.cluster, Cadvisor(node)
    fleet.register()
    story.await_ready(NAMESPACE, SITE)
    listener = Listener(cluster)
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "fleet.log"
        with fleet.sending(log, quiet=True):
            before, begun = cadvisor.read(), time.monotonic()
            time.sleep(seconds)
            after, took = cadvisor.read(), time.monotonic() - begun
        acknowledged = fleet.sum_of(log)["acknowledged"]
    listener.stop()
    with gateway(cluster, NAMESPACE, SITE) as door:
        stored = await_count(fleet, door, acknowledged)
    restarts = sum(restarts_of(pod) for pod in cluster.items("pods", "-n", NAMESPACE))
    cuts = statistics.quantiles(listener.ages, n=100)
    late = f"{cuts[49] * 1000:.0f} / {cuts[98] * 1000:.0f} ms"
    pair = ("processor", "storage")
    cpu = sum(after.of(NAMESPACE, name).cpu - before.of(NAMESPACE, name).cpu for name in pair)
    return [
        Row("readings acknowledged to the devices", f"{acknowledged}", f"{acknowledged / seconds:.0f} a second"),
        Row("of these not stored", f"{acknowledged - stored}", "aim 0"),
        Row("device → processed reading, p50 / p99", late, "commit included"),
        Row("restarts", f"{restarts}", "aim 0"),
        Row("processor + store, CPU a reading", f"{cpu / (fleet.size * fleet.rate * took) * 1e6:.0f} µs", ""),
        *(usage_row(name, before, after, took) for name in COMPONENTS),
    ]


def restarts_of(pod: dict[str, Any]) -> int:
    """Return how often containers of a pod were restarted."""
    return sum(each["restartCount"] for each in pod["status"].get("containerStatuses", ()))


def await_count(fleet: Fleet, door: Any, count: int) -> int:
    """Return how many readings are stored once it is `count`, or after a minute."""
    end = time.monotonic() + 60
    while True:
        stored = len(set(fleet.stored(door)))
        if stored >= count or time.monotonic() > end:
            return stored


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pods", description=__doc__)
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--rate", type=float, default=10.0, help="readings a second of each device")
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--rest", type=float, default=60.0)
    chosen = parser.parse_args()
    steps = Steps()
    with installed(steps) as (node, story):
        rows = [bring_up(story)]
        print_table("A site at rest", rows + rest(node, chosen.rest))
        fleet = Fleet(story.cluster, NAMESPACE, SITE, chosen.devices, chosen.rate)
        title = f"{chosen.devices} devices of {chosen.rate:g} readings/s for {chosen.seconds:.0f} s, default limits"
        print_table(title, load(node, story, fleet, chosen.seconds))


if __name__ == "__main__":
    main()
