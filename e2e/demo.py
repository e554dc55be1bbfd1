"""`make demo`: a cluster, the operator, a site, devices, and what comes of them; everything is left running."""

import json
import os
import sys
import time
from dataclasses import dataclass

from e2e.cloud import CloudReceiver, Uplink
from e2e.cluster.checkout import EDGE
from e2e.cluster.choose import Cluster
from e2e.cluster.errors import HarnessError
from e2e.cluster.lifecycle import Edge
from e2e.cluster.steps import Steps
from e2e.demo_link import LinkStory
from e2e.demo_without_pods import play as play_without_pods
from e2e.device_watch import nobody_offline
from e2e.gateway import gateway
from e2e.kubernetes import Kubernetes
from e2e.live_table import LiveTable
from e2e.lives import CONTINUE, STOP, Lives
from e2e.story import Story
from e2e.tools import ensure_tool

NAMESPACE = "demo"
SITE = "plant"
HOT = "boiler-1"
KILLED, SILENT = "pump-1", "cold-room-1"
SETTLE_SECONDS = 8.0
"""Longer than the operator holds a will back."""


def main() -> int:
    """Play the story; its exit status."""
    steps = Steps()
    edge = Edge(EDGE, os.environ, steps)
    try:
        cluster = edge.up()
        if cluster is Cluster.CONTROLPLANE:
            play_without_pods(edge, steps)
        else:
            link_helm()
            story = Story(Kubernetes(edge.kubeconfig, EDGE / "home"), edge.load_image, steps)
            play(story)
            play_link(edge, story)
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(
        f"\nEverything is left running. To look around: export KUBECONFIG={edge.kubeconfig} PATH={EDGE / 'bin'}:$PATH"
    )
    print("To end it: make down")
    return 0


def link_helm() -> None:
    """Put helm beside kubectl in .edge/bin."""
    link = EDGE / "bin" / "helm"
    link.unlink(missing_ok=True)
    link.symlink_to(ensure_tool("helm"))


def play(story: Story) -> None:
    """Play it on a cluster with a node.

    Raises:
        HarnessError: something does not come up.
    """
    screen = Screen(story.cluster)
    story.bring_images()
    story.install()
    story.cluster.make_namespace(NAMESPACE)
    story.apply(NAMESPACE, "first-site.yaml")
    took = story.await_ready(NAMESPACE, SITE)
    story.steps.say(f"the site is Ready {took:.0f} s after kubectl apply")
    screen.show("get", "pods", "-n", NAMESPACE)
    story.apply(NAMESPACE, "simulated-devices.yaml")
    lives = Lives(story.cluster, NAMESPACE, LiveTable(story.steps))
    lives.await_all(dict.fromkeys(lives.now(), "Online"))
    with gateway(story.cluster, NAMESPACE, SITE) as door:
        reading = story.await_readings(door, HOT)
        sent = "it was sent in fahrenheit and is stored in celsius"
        story.steps.say(f"a reading of {HOT}: {reading['value']:.1f} {reading['unit']}; {sent}")
        alert = story.await_alert(door, HOT)
        compared = f"{alert['value']:.1f} is above {alert['threshold']:g}"
        story.steps.say(f"an alert of {HOT}: {alert['rule']}, {compared}, {alert['state']}")
        answer = story.command(door, HOT, "ping")
        story.steps.say(f"a command to {HOT}: ping, answered {answer['result']!r} ({answer['status']})")
    play_troubles(story, lives)


def play_link(edge: Edge, story: Story) -> None:
    """Forward the readings to a cloud on this machine, and cut the link to it.

    Raises:
        HarnessError: a reading is lost, or the status of the site is not reported correctly.
    """
    cloud = CloudReceiver(edge.cloud, edge.address_for_pods())
    cloud.start()
    uplink = Uplink(edge.run_in_node, cloud.address, cloud.port)
    screen = Screen(story.cluster)
    LinkStory(story, NAMESPACE, SITE, cloud, uplink, screen.show).play([HOT, KILLED, SILENT])
    screen.show("get", "edgesites,edgedevices", "-n", NAMESPACE)


def play_troubles(story: Story, lives: Lives) -> None:
    """Kill a device, silence another, restart the broker.

    Raises:
        HarnessError: the status of a device is not reported correctly.
    """
    lives.kill(KILLED)
    story.steps.say(f"killed {KILLED}: the broker sends its will")
    killed = time.monotonic()
    lives.await_all({KILLED: "Offline LastWill"})
    story.steps.say(f"{KILLED} is reported Offline {time.monotonic() - killed:.1f} s after it was killed")
    lives.await_all({KILLED: "Online"})
    patience = json.dumps({"spec": {"heartbeatInterval": "2s", "offlineAfter": "6s"}})
    story.cluster.kubectl("patch", "-n", NAMESPACE, "edgedevice", SILENT, "--type=merge", "-p", patience)
    lives.signal(SILENT, STOP)
    story.steps.say(f"stopped {SILENT}: its connection stays open, and it sends nothing for its offlineAfter of 6 s")
    lives.await_all({SILENT: "Offline HeartbeatExpired"})
    lives.signal(SILENT, CONTINUE)
    lives.await_all({SILENT: "Online"})
    # With so short a timeout it would be Offline, correctly, while its broker restarts.
    again = json.dumps({"spec": {"heartbeatInterval": None, "offlineAfter": None}})
    story.cluster.kubectl("patch", "-n", NAMESPACE, "edgedevice", SILENT, "--type=merge", "-p", again)
    with nobody_offline(story.cluster, NAMESPACE):
        broker = f"deployment/{SITE}-mqtt"
        story.cluster.kubectl("rollout", "restart", "-n", NAMESPACE, broker)
        story.cluster.kubectl("rollout", "status", "-n", NAMESPACE, broker, "--timeout=90s")
        story.steps.say("restarted the broker")
        story.await_ready(NAMESPACE, SITE)
        lives.await_all(dict.fromkeys(lives.now(), "Online"))
        time.sleep(SETTLE_SECONDS)
    story.steps.say("no device was reported Offline meanwhile")


@dataclass(frozen=True)
class Screen:
    """Shows kubectl commands and what they answer.

    Attributes:
        cluster: where they are run.
    """

    cluster: Kubernetes

    def show(self, *arguments: str) -> None:
        """Print a command and its answer."""
        print(f"\n$ kubectl {' '.join(arguments)}\n{self.cluster.kubectl(*arguments)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
