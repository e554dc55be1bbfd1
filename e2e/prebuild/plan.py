"""What is built in which order: Go's programs in one queue, all else in another beside it."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from e2e.cluster import build, packages
from e2e.cluster.errors import HarnessError
from e2e.cluster.node import possible, programs
from e2e.cluster.sources import CNI, CONTAINERD, COREDNS, KUBE, LOCALPATH, NODE_SOURCES, RUNC, Source
from e2e.cluster.steps import Steps
from e2e.images import build as images
from e2e.kafka import build as kafka
from e2e.mosquitto import build as mosquitto
from e2e.prebuild.go import GoQueue
from e2e.prebuild.task import Task
from e2e.tools.sources import ALERTMANAGER, HELM, KUBE_SCORE, KUBECONFORM, REGISTRY

SOURCES: tuple[Source, ...] = (
    KUBE,
    HELM,
    CONTAINERD,
    COREDNS,
    LOCALPATH,
    RUNC,
    CNI,
    KUBECONFORM,
    KUBE_SCORE,
    ALERTMANAGER,
    REGISTRY,
)
"""The one that most tests wait for comes first; the others find the packages that they share with it compiled."""


@dataclass(frozen=True)
class Plan:
    """Builds what is missing.

    Attributes:
        environment: of this process; says where the cache is.
        steps: gets the lines.
    """

    environment: Mapping[str, str]
    steps: Steps

    def run(self) -> int:
        """Build what is missing; the exit status: 1 if something could not be built."""
        missing = [source for source in SOURCES if not build.is_built(source, self.environment)]
        go = GoQueue(self.environment, self.steps)
        with ThreadPoolExecutor(1, "system") as system:
            # First: apt-get runs once at a time, and the result decides whether a node's programs are built.
            against_node = system.submit(self._prepare_node, building=not self._node_is_built())
            hindrances = (against_node.result if source in NODE_SOURCES else _nothing for source in missing)
            ended = go.put(zip(missing, hindrances, strict=True))
            if not self._node_is_built():
                ended.append(go.then(Task("the node's images", self._write_node_images, against_node.result)))
            ended += [system.submit(task.run, self.steps) for task in self._others()]
            return 1 if [each for each in ended if not each.result()] else 0

    def _node_is_built(self) -> bool:
        return programs.are_built(self.environment)

    def _prepare_node(self, *, building: bool) -> str | None:
        """Install what a node needs; why there can be no node here, if so."""
        if building or packages.missing(building=False):
            return possible.prepare(self.steps.say, building=building)
        return None

    def _write_node_images(self) -> None:
        if not self._node_is_built():
            raise HarnessError("not all programs of a node could be built")
        programs.ensure_programs(self.environment)

    def _others(self) -> Iterator[Task]:
        if not mosquitto.is_ready(self.environment):
            yield Task("Mosquitto", partial(mosquitto.ensure_mosquitto, self.environment))
        if not kafka.is_ready(self.environment):
            yield Task("Kafka", partial(kafka.ensure_kafka, self.environment))
        if not images.are_built(self.environment):
            yield Task("the images of this checkout", partial(images.ensure_images, environment=self.environment))


def _nothing() -> None:
    return None
