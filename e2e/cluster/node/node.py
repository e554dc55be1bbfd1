"""One real node with its control plane, under one directory: pods run, volumes, Services, DNS and policies work."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from e2e.cluster import packages, wait
from e2e.cluster.controlplane import ALL, ControlPlane, Options, Say
from e2e.cluster.daemons import ETCD, Ports
from e2e.cluster.errors import HarnessError
from e2e.cluster.files import write_atomically
from e2e.cluster.keeper import Keeper
from e2e.cluster.kubectl import kubectl
from e2e.cluster.node import addons, certificates, containers, inotify, kernel, nameserver, traces
from e2e.cluster.node.cgroups import Hierarchies
from e2e.cluster.node.layout import Layout
from e2e.cluster.node.link import Link
from e2e.cluster.node.name import node_name, node_seed
from e2e.cluster.node.network import Network
from e2e.cluster.node.observed import Observed
from e2e.cluster.node.programs import Programs
from e2e.cluster.processes import Process

# Alone in the node's network namespace: no other program can have them.
ETCD_PORT, APISERVER_PORT = 2379, 6443
READY_SECONDS = 120.0
GRACE_SECONDS = 2.0
# The API server's own Service.
KUBERNETES = "kubernetes.default.svc.cluster.local"


@dataclass(frozen=True)
class Node:
    """A node and its control plane.

    directory: where everything of it is, absolute.
    options: of the control plane; `tied` is for the node too.
    """

    directory: Path
    programs: Programs
    options: Options = field(default_factory=Options)

    @cached_property
    def keeper(self) -> Keeper:
        """What starts and ends PID 1 of the node."""
        return Keeper(self.directory, tied=self.options.tied)

    @property
    def name(self) -> str:
        """The node's name in Kubernetes, and of its link and cgroup on this machine."""
        return node_name(self.directory)

    @property
    def network(self) -> Network:
        """Its addresses; `network.host` is what pods reach this machine by.

        Raises:
            HarnessError: it was never up.
        """
        if found := self._link.read():
            return found
        raise HarnessError(f"the node of {self.directory} was never up")

    @cached_property
    def plane(self) -> ControlPlane:
        """The control plane with its daemons in the node's network; for a node that is or was up."""
        network = self.network
        ports = Ports(ETCD_PORT, APISERVER_PORT, str(network.node), str(network.services))
        prefix = (packages.program("nsenter"), f"--net={self._layout.network_namespace}", "--")
        return ControlPlane(self.directory, self.programs.kube, ports, replace(self.options, prefix=prefix))

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; the API server and all Services and pods can be reached from this machine."""
        return self.plane.kubeconfig

    def start(self, say: Say = str) -> None:
        """Start it, or start it again with its data; returns when pods can run and policies are enforced.

        Raises:
            HarnessError: something does not start; nothing is left running.
        """
        try:
            self._start(say)
        except BaseException:
            self.stop(grace=0)
            raise

    def stop(self, *, grace: float = GRACE_SECONDS) -> None:
        """End everything and keep the data; with `grace=0` as a power cut would. Fine when nothing runs."""
        kernel.end_node(self.keeper)
        self.keeper.end(*(name for name in ALL if name != ETCD), grace=grace)
        self.keeper.end(ETCD, grace=grace)
        self.keeper.end_strays(grace=0)
        traces.remove(self.directory)

    def reboot(self, say: Say = str) -> None:
        """Cut the power and start again with the data; returns when nothing that is shown is from before the cut.

        Raises:
            HarnessError: it does not come back.
        """
        cut = datetime.now(UTC)
        self.stop(grace=0)
        self.start(say)
        if not wait.until(lambda: self._observed.is_newer(cut) and self._names_resolve(), seconds=READY_SECONDS):
            raise HarnessError(
                f"after the reboot not all pods run again: kubectl --kubeconfig {self.kubeconfig} get po -A"
            )

    def is_up(self) -> bool:
        """Whether all of it runs and the API server is ready."""
        return self.running() is not None and len(self.plane.running()) == len(ALL) and self.plane.ready()

    def running(self) -> Process | None:
        """PID 1 of the node, as this machine sees it, if the node runs."""
        return kernel.find(self.keeper)

    def load_image(self, archive: Path) -> None:
        """Bring an image into the node, from an OCI or Docker archive that has its full name in it.

        Raises:
            HarnessError: the node is not up, or containerd refuses the archive.
        """
        containers.load(self.programs.containerd, self._init, archive)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl as the administrator; what it printed.

        Raises:
            HarnessError: it failed, with its own words.
        """
        return kubectl(self.kubeconfig, self.directory, *arguments, stdin=stdin)

    def kill_container(self, namespace: str, pod: str, container: str) -> None:
        """Kill -9 the first process of a container; the kubelet starts it again.

        Raises:
            HarnessError: there is no such container, or it does not run.
        """
        path = f"{{.status.containerStatuses[?(@.name=={container!r})].containerID}}"
        identity = self.kubectl("--namespace", namespace, "get", "pod", pod, "--output", f"jsonpath={path}")
        self.run("kill", "-9", containers.process_of(self.programs.containerd, self._init, identity))

    def run(self, *command: str) -> str:
        """Run a command in all namespaces of the node, as one logged in there would; what it printed.

        Raises:
            HarnessError: it failed, or the node is not up.
        """
        return containers.run(self._init, *command)

    @property
    def _layout(self) -> Layout:
        return Layout(self.directory)

    @property
    def _link(self) -> Link:
        return Link(self.name, self._layout.network)

    @property
    def _observed(self) -> Observed:
        return Observed(self.plane.requester, self.name)

    @property
    def _init(self) -> Process:
        if init := self.running():
            return init
        raise HarnessError(f"the node of {self.directory} is not up: `make up`")

    def _start(self, say: Say) -> None:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        # First of all: it says to a later `up` or `down` what was begun here.
        self._layout.files.mkdir(exist_ok=True)
        inotify.ensure(say)
        Hierarchies.here().create(self.name)
        init = kernel.spawn(self.keeper, self._layout)
        network = self._link.connect(init.pid, node_seed(self.directory))
        self._layout.point_at_network(init.pid)
        kernel.order(self._layout, self.programs, network, self.name, self.plane.server)
        say(f"node {self.name} has its namespaces, cgroup and network {network.block}")
        with ThreadPoolExecutor(1, "edge-images") as loader:
            loading = loader.submit(self._load_images, init)
            self.plane.start(say)
            certificates.ensure(self._layout, self.plane.server, self.name, str(network.node))
            write_atomically(self._layout.joined, "")
            self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=addons.manifests(network))
            loading.result()
        self._await_ready(init, say)

    def _addons_work(self) -> bool:
        return self._names_resolve() and self._observed.addons_ready()

    def _names_resolve(self) -> bool:
        return nameserver.resolve(str(self.network.dns), KUBERNETES) == str(self.network.services[1])

    def _load_images(self, init: Process) -> None:
        containers.await_answer(self.programs.containerd, init, self.keeper)
        if self._layout.loaded.exists() and self._layout.loaded.read_text() == self.programs.identity:
            return
        for archive in self.programs.images:
            containers.load(self.programs.containerd, init, archive)
        write_atomically(self._layout.loaded, self.programs.identity)

    def _await_ready(self, init: Process, say: Say) -> None:
        boot_id = self._layout.boot_id.read_text().strip()
        enforces = kernel.seen_from_here(init, kernel.NETPOL_READY)
        for what, log, answers in (
            ("the node is Ready", "kubelet", lambda: self._observed.ready(boot_id)),
            ("network policies are enforced", "netpol", enforces.exists),
            (
                "name server and volumes work",
                "kubelet",
                self._addons_work,
            ),
        ):
            if not wait.until(answers, seconds=READY_SECONDS):
                tail = self.keeper.log_tail(log)
                raise HarnessError(
                    f"not within {READY_SECONDS:.0f} s: {what}; {self.keeper.log(log)} ends with:\n{tail}"
                )
            say(what)
