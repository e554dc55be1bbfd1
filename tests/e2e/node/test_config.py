"""The files that the node's programs are given."""

import json
import tomllib
from ipaddress import IPv4Network
from pathlib import Path

import yaml

from e2e.cluster.node import addons, config
from e2e.cluster.node.images import PAUSE
from e2e.cluster.node.layout import Layout
from e2e.cluster.node.name import node_name
from e2e.cluster.node.network import Network

NETWORK = Network(IPv4Network("10.77.0.0/16"))
# Quotes and blanks are in some people's paths.
LAYOUT = Layout(Path('/home/a "b" c/.edge/cluster'))


def test_containerd_is_valid_toml_with_any_path() -> None:
    settings = tomllib.loads(config.containerd(LAYOUT, Path('/ca"che/runc'), Path("/cache/cni"), "native"))
    runtime = settings["plugins"]["io.containerd.cri.v1.runtime"]
    assert runtime["cni"]["conf_dir"] == str(LAYOUT.file("cni"))
    assert runtime["containerd"]["runtimes"]["runc"]["options"]["BinaryName"] == '/ca"che/runc'
    images = settings["plugins"]["io.containerd.cri.v1.images"]
    assert (images["snapshotter"], images["pinned_images"]["sandbox"]) == ("native", PAUSE)


def test_pods_get_addresses_of_the_block_and_are_not_masqueraded() -> None:
    (plugin,) = json.loads(config.bridge(NETWORK))["plugins"]
    assert plugin["ipam"]["ranges"] == [[{"subnet": "10.77.128.0/24"}]]
    assert plugin["ipMasq"] is False


def test_kubelet_and_proxy_know_the_nodes_addresses() -> None:
    kubelet = yaml.safe_load(config.kubelet(LAYOUT, NETWORK, "edge-1", 1024))
    assert kubelet["clusterDNS"] == ["10.77.0.10"]
    assert kubelet["cgroupRoot"] == "/edge-1"
    assert kubelet["maxOpenFiles"] == 1024
    proxy = yaml.safe_load(config.proxy(LAYOUT, NETWORK))
    assert (proxy["clusterCIDR"], proxy["bindAddress"]) == ("10.77.128.0/24", "10.77.255.254")


def test_addons_have_no_mark_left_and_the_name_servers_address() -> None:
    text = addons.manifests(NETWORK)
    assert "@" not in text
    objects = list(yaml.safe_load_all(text))
    deployments = [one["metadata"] for one in objects if one["kind"] == "Deployment"]
    assert tuple(one["name"] for one in deployments) == addons.DEPLOYMENTS
    assert {one["namespace"] for one in deployments} == {addons.NAMESPACE}
    (service,) = [one for one in objects if one["kind"] == "Service"]
    assert service["spec"]["clusterIP"] == "10.77.0.10"
    (storage,) = [one for one in objects if one["kind"] == "StorageClass"]
    assert storage["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}


def test_name_fits_a_link_and_differs_between_directories(tmp_path: Path) -> None:
    assert len(node_name(tmp_path)) == 13
    assert node_name(tmp_path) != node_name(tmp_path / "other")
    assert node_name(tmp_path / "other" / "..") == node_name(tmp_path)
