"""`up` and `down`: a cluster that outlives the command, under one directory (`.edge`)."""

import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster import build
from e2e.cluster.cache import VERSION
from e2e.cluster.checkout import checkout_hash, kubectl_binary
from e2e.cluster.choose import Cluster, choose
from e2e.cluster.controlplane import ALL, ControlPlane, Options, launch
from e2e.cluster.daemons import Ports
from e2e.cluster.errors import HarnessError
from e2e.cluster.files import write_atomically
from e2e.cluster.keeper import Keeper
from e2e.cluster.kind import Kind
from e2e.cluster.lock import locked
from e2e.cluster.scratch import remove_dead
from e2e.cluster.steps import Steps

# The daemons outlive this process, and their data a power cut.
OPTIONS = Options(tied=False, fsync=True)
GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class Edge:
    """The directory that holds a checkout's cluster, its kubeconfig and its programs."""

    directory: Path
    environment: Mapping[str, str]
    steps: Steps

    def up(self) -> None:
        """Bring up the chosen cluster; fine when it is up, repaired when part of it is.

        Raises:
            HarnessError: it cannot be brought up; nothing is left running.
        """
        choice = choose(self.environment)
        self.steps.say(str(choice))
        with self._locked():
            self._link_kubectl()
            if choice.cluster == Cluster.KIND:
                self._up_kind()
            else:
                self._up_control_plane()
        self.steps.say(f"up: export KUBECONFIG={self.kubeconfig}")

    def down(self) -> None:
        """End everything that was brought up here and remove its state; fine when there is nothing.

        Raises:
            HarnessError: a kind cluster was brought up and kind cannot delete it.
        """
        with self._locked():
            self._down_operator()
            self._down_control_plane()
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
        if self._kind_record.exists():
            self._kind.check()
            exists = self._kind.exists()
            self.steps.say(f"kind cluster {self._kind.name} {'exists' if exists else 'is gone: make down'}")
            return exists
        keeper = Keeper(self._cluster, tied=False)
        alive = [name for name in ALL if keeper.find(name)]
        for name in ALL:
            self.steps.say(f"{name} {'runs' if name in alive else 'does not run'}")
        return len(alive) == len(ALL)

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of whatever is up."""
        return self.directory / "kubeconfig"

    @property
    def _cluster(self) -> Path:
        return self.directory / "cluster"

    @property
    def _binary_record(self) -> Path:
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

    def _up_kind(self) -> None:
        if self._cluster.exists():
            raise HarnessError("a control plane is up here: `make down` first")
        self._kind.check()
        # Recorded first: `down` finds a cluster whose creation was cut short.
        write_atomically(self._kind_record, f"{self._kind.name}\n")
        if self._kind.exists():
            self._kind.export_kubeconfig()
            self.steps.say(f"kind cluster {self._kind.name} was up already")
            return
        self.steps.say(f"kind creates the cluster {self._kind.name} (1 to 3 min at the first time)")
        self._kind.create()

    def _up_control_plane(self) -> None:
        if self._kind_record.exists():
            raise HarnessError("a kind cluster is up here: `make down` first")
        binary = build.ensure_binary(self.environment)
        self.steps.say(f"Kubernetes {VERSION} is built: {binary}")
        ports = Ports.read(self._cluster)
        same = self._binary_record.exists() and self._binary_record.read_text() == str(binary)
        if ports and same and self._serves(ControlPlane(self._cluster, binary, ports, OPTIONS)):
            self.steps.say(f"the control plane was up already at {ports.server}")
            return
        keeper = Keeper(self._cluster, tied=False)
        if ports:
            self.steps.say("not all of it was running, or another version; starting it again with its data")
            keeper.end(*reversed(ALL), grace=GRACE_SECONDS)
        keeper.end_strays(grace=GRACE_SECONDS)
        plane = launch(self._cluster, binary, OPTIONS, self.steps.say, ports)
        write_atomically(self._binary_record, str(binary))
        write_atomically(self.kubeconfig, plane.kubeconfig.read_bytes())

    def _serves(self, plane: ControlPlane) -> bool:
        return len(plane.running()) == len(ALL) and plane.ready() and self.kubeconfig.exists()

    def _down_operator(self) -> None:
        ended = Keeper(self.directory / "operator", tied=False).end_strays(grace=GRACE_SECONDS)
        shutil.rmtree(self.directory / "operator", ignore_errors=True)
        if ended:
            self.steps.say("operator ended")

    def _down_control_plane(self) -> None:
        keeper = Keeper(self._cluster, tied=False)
        alive = [name for name in ALL if keeper.find(name)]
        # etcd, the first to start, is the last to end.
        keeper.end(*alive[1:], grace=GRACE_SECONDS)
        keeper.end(*ALL, grace=GRACE_SECONDS)
        strays = keeper.end_strays(grace=GRACE_SECONDS)
        shutil.rmtree(self._cluster, ignore_errors=True)
        self.steps.say(f"control plane ended ({len(alive)} daemons, {strays} unrecorded)")

    def _link_kubectl(self) -> None:
        link = self.directory / "bin" / "kubectl"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(kubectl_binary())
