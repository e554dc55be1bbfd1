"""`up` and `down`: a cluster that outlives the command, under one directory (`.edge`)."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster import build, kind
from e2e.cluster.checkout import checkout_hash, kubectl_binary
from e2e.cluster.choose import Choice, Cluster, Machine, choose
from e2e.cluster.controlplane import ALL, ControlPlane, Options, launch
from e2e.cluster.daemons import Ports
from e2e.cluster.errors import HarnessError
from e2e.cluster.files import write_atomically
from e2e.cluster.keeper import Keeper
from e2e.cluster.kind import Kind
from e2e.cluster.lock import locked
from e2e.cluster.node import kernel, possible, programs
from e2e.cluster.node.layout import Layout
from e2e.cluster.node.node import Node
from e2e.cluster.scratch import remove_dead
from e2e.cluster.sources import KUBE
from e2e.cluster.steps import Steps
from e2e.cluster.teardown import GRACE_SECONDS, end_cluster, end_daemons

# The daemons outlive this process, and their data a power cut.
OPTIONS = Options(tied=False, fsync=True)


@dataclass(frozen=True)
class Edge:
    """The directory that holds a checkout's cluster, its kubeconfig and its programs."""

    directory: Path
    environment: Mapping[str, str]
    steps: Steps

    def up(self) -> Cluster:
        """Bring up the chosen cluster; fine when it is up, repaired when part of it is.

        Returns:
            Which one it is: pods run on all but the control plane.

        Raises:
            HarnessError: it cannot be brought up; nothing is left running.
        """
        with self._locked():
            choice = self._choose()
            self.steps.say(str(choice))
            self._link_kubectl()
            {
                Cluster.KIND: self._up_kind,
                Cluster.NODE: self._up_node,
                Cluster.CONTROLPLANE: self._up_control_plane,
            }[choice.cluster]()
        self.steps.say(f"up: export KUBECONFIG={self.kubeconfig}")
        return choice.cluster

    def down(self) -> None:
        """End everything that was brought up here and remove its state; fine when there is nothing.

        Raises:
            HarnessError: a kind cluster was brought up and kind cannot delete it, or a node's process does not end.
        """
        with self._locked():
            end_daemons(self.directory / "operator", "operator", self.steps.say)
            end_daemons(self.cloud, "cloud receiver", self.steps.say)
            end_cluster(self._cluster, self.steps.say)
            remove_dead(self.directory)
            if self._kind_record.exists() or self.environment.get("CLUSTER") == Cluster.KIND:
                self._kind.check()
                self._kind.delete()
                self._kind_record.unlink(missing_ok=True)
                self.steps.say(f"kind cluster {self._kind.name} deleted")
            self.kubeconfig.unlink(missing_ok=True)
        self.steps.say("down: nothing is left running")

    def status(self) -> bool:
        """Print what runs; whether that is a whole cluster."""
        if self.here() == Cluster.KIND:
            self._kind.check()
            exists = self._kind.exists()
            self.steps.say(f"kind cluster {self._kind.name} {'exists' if exists else 'is gone: make down'}")
            return exists
        keeper = Keeper(self._cluster, tied=False)
        runs = {name: keeper.find(name) is not None for name in ALL}
        if self.here() == Cluster.NODE:
            runs[kernel.NODE] = kernel.find(keeper) is not None
        for name, alive in runs.items():
            self.steps.say(f"{name} {'runs' if alive else 'does not run'}")
        return all(runs.values())

    def here(self) -> Cluster | None:
        """Which cluster was brought up here, whole or not."""
        if self._kind_record.exists():
            return Cluster.KIND
        if Layout(self._cluster).files.exists():
            return Cluster.NODE
        return Cluster.CONTROLPLANE if self._cluster.exists() else None

    def node(self) -> Node:
        """The node that is up here.

        Raises:
            HarnessError: there is none.
        """
        if self.here() != Cluster.NODE:
            raise HarnessError("there is no node here: CLUSTER=node make up")
        return Node(self._cluster, programs.ensure_programs(self.environment), OPTIONS)

    def load_image(self, archive: Path) -> None:
        """Bring an image into the cluster, from an OCI or Docker archive that has its full name in it.

        Raises:
            HarnessError: no pod can run on what is here, or the archive is refused.
        """
        if self.here() == Cluster.KIND:
            self._kind.load_image(archive)
        else:
            self.node().load_image(archive)

    def reboot(self) -> None:
        """Cut the node's power and start it again with its data; returns when nothing that is shown is from before.

        Raises:
            HarnessError: there is no node here, or it does not come back.
        """
        with self._locked():
            self.node().reboot(self.steps.say)

    def address_for_pods(self) -> str:
        """Return the address of this machine by which pods reach its programs.

        Raises:
            HarnessError: no pod can run on what is here, or Docker does not name its network.
        """
        return self._kind.gateway() if self.here() == Cluster.KIND else str(self.node().network.host)

    def run_in_node(self, *command: str) -> str:
        """Run a command as one logged in on the node would; what it printed.

        Raises:
            HarnessError: no pod can run on what is here, or the command failed.
        """
        return self._kind.run(*command) if self.here() == Cluster.KIND else self.node().run(*command)

    @property
    def cloud(self) -> Path:
        """Directory of the demo's cloud receiver."""
        return self.directory / "cloud"

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of whatever is up."""
        return self.directory / "kubeconfig"

    @property
    def _cluster(self) -> Path:
        return self.directory / "cluster"

    @property
    def _programs_record(self) -> Path:
        return self._cluster / "binary"

    @property
    def _kind_record(self) -> Path:
        return self.directory / "kind"

    @property
    def _kind(self) -> Kind:
        return Kind(f"edge-stack-{checkout_hash(self.directory.parent)}", self.kubeconfig)

    def _locked(self) -> AbstractContextManager[None]:
        waiting = "another up or down works on this directory; waiting for it to end"
        return locked(self.directory / "lock", lambda: self.steps.say(waiting))

    def _choose(self) -> Choice:
        here = self.here()
        if here and not self.environment.get("CLUSTER"):
            return Choice(here, "it was brought up here before")
        choice = choose(self.environment, Machine(kind.reason_against, self._against_node))
        if here and here != choice.cluster:
            raise HarnessError(f"CLUSTER={here} is up here: `make down` first")
        return choice

    def _against_node(self) -> str | None:
        return possible.prepare(self.steps.say, building=not programs.are_built(self.environment))

    def _up_kind(self) -> None:
        self._kind.check()
        # Recorded first: `down` finds a cluster even if its creation was interrupted.
        write_atomically(self._kind_record, f"{self._kind.name}\n")
        if self._kind.exists():
            self._kind.export_kubeconfig()
            self.steps.say(f"kind cluster {self._kind.name} was up already")
            return
        self.steps.say(f"kind creates the cluster {self._kind.name} (1 to 3 min at the first time)")
        self._kind.create()

    def _up_node(self) -> None:
        found = programs.ensure_programs(self.environment)
        self.steps.say("the node's programs are built")
        node = Node(self._cluster, found, OPTIONS)
        if self._is_same(found.identity) and node.is_up():
            self.steps.say(f"the node {node.name} was up already at {node.plane.server}")
            return
        if self._cluster.exists():
            self.steps.say("not all of it was running, or another version; starting it again with its data")
            node.stop()
        try:
            node.start(self.steps.say)
        except HarnessError as error:
            raise HarnessError(f"{error}\nwithout pods it may go: CLUSTER=controlplane make down up") from error
        self._record_up(found.identity, node.plane)

    def _up_control_plane(self) -> None:
        binary = build.ensure_binary(self.environment)
        self.steps.say(f"Kubernetes {KUBE.version} is built: {binary}")
        ports = Ports.read(self._cluster)
        if ports and self._is_same(str(binary)) and self._serves(ControlPlane(self._cluster, binary, ports, OPTIONS)):
            self.steps.say(f"the control plane was up already at {ports.server}")
            return
        keeper = Keeper(self._cluster, tied=False)
        if ports:
            self.steps.say("not all of it was running, or another version; starting it again with its data")
            keeper.end(*reversed(ALL), grace=GRACE_SECONDS)
        keeper.end_strays(grace=GRACE_SECONDS)
        self._record_up(str(binary), launch(self._cluster, binary, OPTIONS, self.steps.say, ports))

    def _serves(self, plane: ControlPlane) -> bool:
        return len(plane.running()) == len(ALL) and plane.ready()

    def _is_same(self, identity: str) -> bool:
        record = self._programs_record
        return record.exists() and record.read_text() == identity and self.kubeconfig.exists()

    def _record_up(self, identity: str, plane: ControlPlane) -> None:
        write_atomically(self._programs_record, identity)
        write_atomically(self.kubeconfig, plane.kubeconfig.read_bytes())

    def _link_kubectl(self) -> None:
        link = self.directory / "bin" / "kubectl"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(kubectl_binary())
