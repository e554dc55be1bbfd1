"""The part of the demo that cuts the link to the cloud: readings wait in the store, and none is lost."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from e2e.cloud import CloudReceiver, Uplink
from e2e.cluster.errors import HarnessError
from e2e.gateway import gateway
from e2e.story import Story

SECRET = "cloud"  # noqa: S105 - the name of one
USE_LABEL = "edge-stack.io/use=true"
SECONDS = 180.0
LOOK_SECONDS = 0.5
COLUMNS = "custom-columns=NAME:.metadata.name,CLOUD:.status.conditions[?(@.type=='CloudConnected')].status"
SINKS = (
    f"{COLUMNS},SINK:.status.sinks[*].name,PENDING:.status.sinks[*].pending,SINCE:.status.sinks[*].oldestPendingTime"
)


@dataclass(frozen=True)
class LinkStory:
    """Plays on a site that is Ready and has devices.

    Attributes:
        story: of the cluster.
        namespace: of the site.
        site: its name.
        cloud: the receiver, which runs.
        uplink: the way to it.
        show: prints a kubectl command and its answer.
        during: called while the link is cut and a backlog grows.
    """

    story: Story
    namespace: str
    site: str
    cloud: CloudReceiver
    uplink: Uplink
    show: Callable[..., None]
    during: Callable[[], object] = lambda: None

    def play(self, devices: Iterable[str]) -> None:
        """Connect the site, cut its link, restore it, and compare store and cloud.

        Raises:
            HarnessError: the site does not report it, or a reading is missing.
        """
        self._connect()
        names = list(devices)
        self._await("readings at the cloud", lambda: self.cloud.ask("/stats")["readings"])
        self.story.steps.say(f"the cloud has readings: {self.cloud.endpoint}")
        self.uplink.cut()
        self.story.steps.say("cut the link: every packet to the cloud is dropped")
        try:
            self._watch_backlog()
            self.during()
        finally:
            self.uplink.restore()
        self.story.steps.say("restored the link")
        restored, before = time.monotonic(), self.cloud.ask("/stats")["readings"]
        self._await("a reading after the cut", lambda: self.cloud.ask("/stats")["readings"] > before)
        self.story.steps.say(f"a reading arrived {time.monotonic() - restored:.1f} s after the link was restored")
        self._await("an empty backlog", lambda: self._sink()["connected"] and not self._sink().get("pending"))
        self._compare(names)

    def _connect(self) -> None:
        kubectl = self.story.cluster.kubectl
        manifest = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": SECRET, "labels": dict([USE_LABEL.split("=")])},
            "stringData": self.cloud.secret,
        }
        kubectl("apply", "-n", self.namespace, "-f", "-", stdin=json.dumps(manifest))
        named = {"name": SECRET}
        spec = {"cloud": {"endpoint": self.cloud.endpoint, "credentialsSecretRef": named, "caSecretRef": named}}
        change = json.dumps({"spec": spec})
        kubectl("patch", "-n", self.namespace, "edgesite", self.site, "--type=merge", "-p", change)
        self.story.steps.say(f"set spec.cloud.endpoint to {self.cloud.endpoint}")
        self._await("CloudConnected=True", lambda: self._sink().get("connected"))

    def _watch_backlog(self) -> None:
        self._await("CloudConnected=False", lambda: not self._sink().get("connected", True))
        first = self._await("a backlog", lambda: self._sink().get("pending"))
        self.show("get", "edgesite", "-n", self.namespace, self.site, "-o", SINKS)
        self._await("a larger backlog", lambda: self._sink().get("pending", 0) > first)
        self.show("get", "edgesites", "-n", self.namespace)
        self.show("get", "edgesite", "-n", self.namespace, self.site, "-o", SINKS)

    def _compare(self, devices: Iterable[str]) -> None:
        """Compare what the store and the cloud have of each device since the cloud's first reading of it."""
        site, count = f"{self.namespace}/{self.site}", 0
        with gateway(self.story.cluster, self.namespace, self.site) as door:
            for device in devices:
                stored = {reading["offset"] for reading in door.readings(device, 1000)}
                self._await(f"the newest reading of {device}", lambda: max(stored) in self.cloud.offsets(site, device))  # noqa: B023 - called within the turn
                arrived = self.cloud.offsets(site, device)
                missing = {offset for offset in stored if offset >= min(arrived)} - arrived
                if missing:
                    raise HarnessError(f"the cloud has not received {len(missing)} readings of {device}: {missing}")
                count += len(stored & arrived)
        self.story.steps.say(f"compared {count} readings of the store with the cloud: none is missing")

    def _sink(self) -> dict[str, Any]:
        status = self.story.cluster.get("edgesite", "-n", self.namespace, self.site).get("status") or {}
        return next((each for each in status.get("sinks") or () if each["name"] == "cloud"), {})

    def _await(self, what: str, holds: Callable[[], Any]) -> Any:
        end = time.monotonic() + SECONDS
        while not (answer := holds()):
            if time.monotonic() > end:
                raise HarnessError(f"no {what} within {SECONDS:.0f} s; the status of the sink: {self._sink()}")
            time.sleep(LOOK_SECONDS)
        return answer
