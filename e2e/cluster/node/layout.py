"""Where a node's files are: on this machine, and inside the node's own mount namespace."""

from dataclasses import dataclass
from pathlib import Path

# Inside the node /run is a file system of its own: sockets have short paths whatever the checkout's is.
SOCKET = "/run/containerd/containerd.sock"


@dataclass(frozen=True)
class Layout:
    """The files of the node of a directory, as this machine sees them."""

    directory: Path

    @property
    def files(self) -> Path:
        """Configuration and credentials."""
        return self.directory / "node"

    @property
    def var(self) -> Path:
        """The node's /var: images, containers, kubelet state, logs of pods."""
        return self.files / "var"

    @property
    def network(self) -> Path:
        """The record of the node's block of addresses."""
        return self.files / "network"

    @property
    def orders(self) -> Path:
        """What PID 1 is to do; it waits for this file."""
        return self.files / "orders.json"

    @property
    def joined(self) -> Path:
        """There once the API server answers: what needs it may start."""
        return self.files / "joined"

    @property
    def boot_id(self) -> Path:
        """The kernel's boot id as the node sees it: a new one for each start."""
        return self.files / "sysctl" / "kernel.random.boot_id"

    @property
    def loaded(self) -> Path:
        """Which images are in the node already."""
        return self.files / "images-loaded"

    @property
    def network_namespace(self) -> Path:
        """A link to the node's network namespace; dangling when the node is not up."""
        return self.files / "netns"

    def point_at_network(self, pid: int) -> None:
        """Let `network_namespace` lead to that of a process."""
        self.network_namespace.unlink(missing_ok=True)
        self.network_namespace.symlink_to(f"/proc/{pid}/ns/net")

    def file(self, name: str) -> Path:
        """A configuration file."""
        return self.files / name

    def kubeconfig(self, user: str) -> Path:
        """The kubeconfig of a program of the node."""
        return self.files / "kubeconfig" / user

    def pki(self, name: str) -> Path:
        """A certificate or a key."""
        return self.directory / "pki" / name
