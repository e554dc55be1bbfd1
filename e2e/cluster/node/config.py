"""The configuration files of the node's programs; each setting that is not obvious has its reason."""

import json
from pathlib import Path

import yaml

from e2e.cluster.node.images import PAUSE
from e2e.cluster.node.layout import SOCKET, Layout
from e2e.cluster.node.network import Network

CONTAINERD = """\
version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
imports = []
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.erofs",
]
[grpc]
  address = {socket}
[plugins.'io.containerd.cri.v1.images']
  snapshotter = {snapshotter}
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = {sandbox}
[plugins.'io.containerd.cri.v1.runtime']
  # A lower oom_score_adj than our own cannot be written without CAP_SYS_RESOURCE.
  restrict_oom_score_adj = true
  disable_apparmor = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = {runc}
  SystemdCgroup = false
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = [{plugins}]
  conf_dir = {networks}
"""


def containerd(layout: Layout, runc: Path, plugins: Path, snapshotter: str) -> str:
    """Containerd's configuration (TOML)."""
    values = {
        "socket": SOCKET,
        "snapshotter": snapshotter,
        "sandbox": PAUSE,
        "runc": str(runc),
        "plugins": str(plugins),
        "networks": str(layout.file("cni")),
    }
    return CONTAINERD.format(**{name: json.dumps(value) for name, value in values.items()})


def bridge(network: Network) -> str:
    """The pods' network (CNI): one bridge, no masquerading, so that policies see who speaks."""
    addresses = {
        "type": "host-local",
        # Leases live as long as the namespaces: after a power cut no pod has its address any more.
        "dataDir": "/run/cni-addresses",
        "ranges": [[{"subnet": str(network.pods)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    plugin = {
        "type": "bridge",
        "bridge": "pods",
        "isGateway": True,
        "hairpinMode": True,
        "ipMasq": False,
        "ipam": addresses,
    }
    return json.dumps({"cniVersion": "1.0.0", "name": "pods", "plugins": [plugin]}, indent=1)


def kubelet(layout: Layout, network: Network, name: str, open_files: int) -> str:
    """The kubelet's configuration."""
    certificate = {"tlsCertFile": "kubelet-serving.crt", "tlsPrivateKeyFile": "kubelet-serving.key"}
    settings = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        # Many machines still have cgroup v1; the default is to refuse it.
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        # All pods below the node's own cgroup: `down` finds them.
        "cgroupRoot": f"/{name}",
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(layout.pki("ca.crt"))},
        },
        "authorization": {"mode": "Webhook"},
        **{setting: str(layout.pki(file)) for setting, file in certificate.items()},
        "clusterDNS": [str(network.dns)],
        "clusterDomain": "cluster.local",
        "resolvConf": str(layout.file("resolv.conf")),
        # As containerd's restrict_oom_score_adj.
        "oomScoreAdj": 0,
        "maxOpenFiles": open_files,
        "seccompDefault": True,
        "serializeImagePulls": False,
        # A developer's disk may be nearly full. Images are never collected: no registry has them.
        "evictionHard": {
            "memory.available": "200Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "1%",
            "imagefs.inodesFree": "1%",
        },
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "nodeStatusUpdateFrequency": "5s",
    }
    return yaml.safe_dump(settings, sort_keys=False)


def proxy(layout: Layout, network: Network) -> str:
    """kube-proxy's configuration."""
    settings = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clusterCIDR": str(network.pods),
        "clientConnection": {"kubeconfig": str(layout.kubeconfig("proxy"))},
        "bindAddress": str(network.node),
        # The table's size is the whole machine's and cannot be set from a network namespace.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "linux": {"oomScoreAdj": 0},
    }
    return yaml.safe_dump(settings, sort_keys=False)
