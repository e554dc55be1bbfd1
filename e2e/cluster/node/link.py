"""The virtual cable between this machine and the node, and the route that claims the node's block."""

import subprocess
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from e2e.cluster.errors import HarnessError
from e2e.cluster.files import write_atomically
from e2e.cluster.node.network import Network, choose, ip, overlaps, taken_networks

INSIDE = "eth0"


@dataclass(frozen=True)
class Link:
    """The link `name`; `record` keeps the block over restarts: addresses in etcd are of it."""

    name: str
    record: Path

    def connect(self, pid: int, seed: int) -> Network:
        """Lay the cable into the network namespace of a process and claim a block.

        Raises:
            HarnessError: no block is free, or the recorded one is not any more.
        """
        remove(self.name)
        ip("link", "add", self.name, "type", "veth", "peer", "name", INSIDE, "netns", str(pid))
        network = self._claim(seed)
        write_atomically(self.record, str(network.block))
        self._configure_inside(pid, network)
        return network

    def read(self) -> Network | None:
        """The block that this node has had since its first start."""
        return Network(IPv4Network(self.record.read_text())) if self.record.exists() else None

    def _claim(self, seed: int) -> Network:
        taken = taken_networks()
        if kept := self.read():
            if overlaps(kept, taken):
                raise HarnessError(f"{kept.block} has come into use on this machine since the node began: `make down`")
            self._route(kept)
            return kept
        for network in choose(seed, taken):
            try:
                self._route(network)
            except HarnessError:
                # Another checkout was faster; the kernel lets only one of two have the route.
                ip("address", "flush", "dev", self.name)
                continue
            return network
        raise HarnessError(
            "no private /16 network is free on this machine: see `ip route`, or use CLUSTER=controlplane"
        )

    def _route(self, network: Network) -> None:
        ip("address", "add", f"{network.host}/{network.link_prefix}", "dev", self.name)
        ip("link", "set", self.name, "up")
        ip("route", "add", str(network.block), "via", str(network.node), "dev", self.name)

    def _configure_inside(self, pid: int, network: Network) -> None:
        inside = ("nsenter", f"--net=/proc/{pid}/ns/net", "ip")
        for arguments in (
            ("link", "set", "lo", "up"),
            ("address", "add", f"{network.node}/{network.link_prefix}", "dev", INSIDE),
            ("link", "set", INSIDE, "up"),
            ("route", "add", "default", "via", str(network.host)),
        ):
            done = subprocess.run([*inside, *arguments], capture_output=True, text=True, check=False, timeout=60)
            if done.returncode != 0:
                raise HarnessError(f"`ip {' '.join(arguments)}` failed in the node: {done.stderr.strip()}")


def remove(name: str) -> None:
    """Remove the link with its addresses and routes; fine when there is none."""
    if Path("/sys/class/net", name).exists():
        subprocess.run(["ip", "link", "delete", name], capture_output=True, check=False, timeout=60)
