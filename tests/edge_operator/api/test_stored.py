"""What the API server makes of a resource, and that the program reads it back."""

import json
import random
import re
from typing import Any

import pytest

from e2e.cluster.fixture import Kubectl
from edge_operator.api.edgedevice import EdgeDevice
from edge_operator.api.edgesite import EdgeSite
from edge_operator.api.quantity import parse_quantity
from edge_wire.goduration import parse_duration

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("installed")]

DEFAULTS = {
    "broker": {"type": "Managed"},
    "devices": {"heartbeatInterval": "30s", "offlineAfter": "5m"},
    "gateway": {
        "allowPlaintextCredentials": False,
        "apiTokenRotation": 0,
        "coap": {"security": "Oscore"},
        "replicas": 3,
        "service": {"type": "ClusterIP"},
    },
    "paused": False,
    "processor": {"mode": "RealTime", "replicas": 2},
    "scheduling": {"profile": "SingleNode"},
    "storage": {"reclaimPolicy": "Retain", "size": "10Gi", "syncInterval": "300s"},
}
EXTERNAL = {"type": "External", "external": {"url": "mqtts://broker.example.com:8883"}}


def manifest(kind: str, name: str, **content: object) -> str:
    head = {"apiVersion": "edge-stack.io/v1alpha1", "kind": kind, "metadata": {"name": name}}
    return json.dumps(head | content)


@pytest.fixture
def kubectl_here(kubectl: Kubectl, namespace: str) -> Kubectl:
    def run(*arguments: str, stdin: str | None = None, check: bool = True) -> Any:
        return kubectl(*arguments, "-n", namespace, stdin=stdin, check=check)

    return run


def stored(kubectl: Kubectl, resource: str, name: str) -> Any:
    return json.loads(kubectl("get", resource, name, "-o", "json").stdout)


@pytest.mark.parametrize(
    "content", [{}, {"spec": {}}, {"spec": {"broker": {}, "gateway": {"service": {}, "coap": {}}}}]
)
def test_defaults_are_stored(kubectl_here: Kubectl, content: dict[str, Any]) -> None:
    kubectl_here("delete", "edgesite", "plant", "--ignore-not-found")
    kubectl_here("create", "-f", "-", stdin=manifest("EdgeSite", "plant", **content))
    site = stored(kubectl_here, "edgesite", "plant")
    assert site["spec"] == DEFAULTS
    assert EdgeSite.model_validate(site) == EdgeSite()


def test_defaults_of_a_device_are_stored(kubectl_here: Kubectl) -> None:
    content = {"siteRef": {"name": "plant"}}
    kubectl_here("create", "-f", "-", stdin=manifest("EdgeDevice", "m1", spec=content))
    device = stored(kubectl_here, "edgedevice", "m1")
    assert device["spec"] == content | {
        "cloudCommands": False,
        "credentials": {"rotation": 0, "switchAfter": "5m"},
        "disabled": False,
        "presence": "Connected",
    }
    assert EdgeDevice.model_validate(device) == EdgeDevice.model_validate({"spec": content})


@pytest.mark.parametrize("apply", [("apply",), ("apply", "--server-side")], ids=["client-side", "server-side"])
def test_a_site_moves_to_an_external_broker_and_back(kubectl_here: Kubectl, apply: tuple[str, ...]) -> None:
    name = f"moving-{len(apply)}"
    managed = {"managed": {"storage": {"data": "2Gi"}}}
    for broker in (managed, EXTERNAL, managed, EXTERNAL | managed, managed):
        kubectl_here(*apply, "-f", "-", stdin=manifest("EdgeSite", name, spec={"broker": broker}))
        found = stored(kubectl_here, "edgesite", name)["spec"]["broker"]
        if "managed" in found:
            assert found["managed"]["storage"].pop("log") == "1Gi"
        assert found == {"type": "Managed"} | broker


def words(text: str) -> list[list[str]]:
    """Return the cells of a table of kubectl's; columns are two blanks apart at least."""
    return [re.split(r" {2,}", line.strip()) for line in text.splitlines()]


def test_columns_of_sites(kubectl_here: Kubectl) -> None:
    kubectl_here("create", "-f", "-", stdin=manifest("EdgeSite", "columns"))
    status = {
        "phase": "Degraded",
        "devices": {"total": 7, "online": 5},
        "conditions": [condition("Ready", "True"), condition("CloudConnected", "False")],
        "sinks": [{"name": "kafka", "connected": True}, {"name": "cloud", "connected": False}],
    }
    patch_status(kubectl_here, "edgesite", "columns", status)
    header, row = words(kubectl_here("get", "esite", "--field-selector=status.phase=Degraded").stdout)
    assert header == ["NAME", "PHASE", "READY", "DEVICES", "ONLINE", "CLOUD", "AGE"]
    assert row[:-1] == ["columns", "Degraded", "True", "7", "5", "false"]
    patch_status(kubectl_here, "edgesite", "columns", {"sinks": None})
    (_, row) = words(kubectl_here("get", "esite", "columns").stdout)
    assert row[:-1] == ["columns", "Degraded", "True", "7", "5"], "without a cloud CLOUD is empty"
    assert "edgesite.edge-stack.io/columns" in kubectl_here("get", "edge", "-o", "name").stdout


def test_columns_and_selectors_of_devices(kubectl_here: Kubectl) -> None:
    for name, site in (("m7", "north"), ("m8", "south")):
        spec = {"siteRef": {"name": site}, "type": "plc", "location": "line 1"}
        kubectl_here("create", "-f", "-", stdin=manifest("EdgeDevice", name, spec=spec))
    long_ago = "2020-01-01T00:00:00Z"
    status = {
        "phase": "Offline",
        "connectivity": {"reason": "HeartbeatExpired", "sinceTime": long_ago, "lastSeenTime": long_ago},
        "reported": {"firmware": "1.4.2"},
    }
    patch_status(kubectl_here, "edgedevice", "m7", status)
    for selector in ("spec.siteRef.name=north", "spec.type=plc,status.phase=Offline"):
        header, row = words(kubectl_here("get", "edev", f"--field-selector={selector}").stdout)
        assert header == ["NAME", "SITE", "TYPE", "STATUS", "REASON", "SINCE", "AGE"]
        assert row[:5] == ["m7", "north", "plc", "Offline", "HeartbeatExpired"]
        assert re.fullmatch(r"\d+y(\d+d)?", row[5])
    header, row = words(kubectl_here("get", "edev", "m7", "-o", "wide").stdout)
    assert header[-3:] == ["LAST SEEN", "LOCATION", "FIRMWARE"]
    assert row[-2:] == ["line 1", "1.4.2"]
    assert EdgeDevice.model_validate(stored(kubectl_here, "edgedevice", "m7")).status is not None


def condition(kind: str, status: str) -> dict[str, str]:
    return {
        "type": kind,
        "status": status,
        "reason": "Tested",
        "message": "",
        "lastTransitionTime": "2026-11-24T04:18:00Z",
    }


def patch_status(kubectl: Kubectl, resource: str, name: str, status: dict[str, Any]) -> None:
    patch = json.dumps({"status": status})
    kubectl("patch", resource, name, "--subresource=status", "--type=merge", "-p", patch)


def refused(kubectl: Kubectl, spec: dict[str, Any], path: str) -> set[int]:
    """Return the indexes that the API server complains of."""
    manifest_text = manifest("EdgeSite", "tried", spec=spec)
    done = kubectl("create", "--dry-run=server", "-f", "-", stdin=manifest_text, check=False)
    found = {int(index) for index in re.findall(re.escape(path).replace("INDEX", r"\D*(\d+)"), done.stderr)}
    assert bool(found) == bool(done.returncode), done.stderr
    return found


def samples(alphabet: str, units: list[str], count: int) -> list[str]:
    """Return texts near the edge of what is valid, the same ones each time."""
    source = random.Random(1)
    numbers = ["0", "1", "5", "1.5", ".5", "5.", "-1", "+1", "00", "1e3", "1e-3", "1e99", "99999", "123456789"]
    texts = [source.choice(numbers) + source.choice(units) for _ in range(count // 2)]
    texts += ["".join(source.choices(alphabet, k=source.randint(0, 6))) for _ in range(count // 4)]
    pairs = count - len(texts)
    return texts + [f"{source.randint(0, 99)}{source.choice(units)}{source.choice(units)}" for _ in range(pairs)]


def test_accepted_durations_can_be_read(kubectl_here: Kubectl) -> None:
    texts = samples("0159.hms", ["h", "m", "s", "ms", "us", "ns", "d", "1h", "m1s"], 64)
    rules = [{"name": f"r{index}", "sensorType": "t", "above": 1, "for": text} for index, text in enumerate(texts)]
    bad = refused(kubectl_here, {"processor": {"rules": rules}}, "rules[INDEX].for")
    good = [text for index, text in enumerate(texts) if index not in bad]
    assert len(good) > 10
    assert len(bad) > 10
    for text in good:
        assert 0 <= parse_duration(text) <= 24 * 3600


def test_accepted_quantities_can_be_read(kubectl_here: Kubectl) -> None:
    texts = samples("0159.eEkMGi", ["", "m", "k", "M", "G", "Ki", "Mi", "Gi", "Ei", "E", "e3", "K", "i", "n", "u"], 64)
    parts = ("gateway", "processor", "storage")
    spec: dict[str, Any] = {part: {"resources": {"limits": {}}} for part in parts}
    for index, text in enumerate(texts[:48]):
        spec[parts[index % 3]]["resources"]["limits"][f"x{index}"] = text
    bad = refused(kubectl_here, spec, "limits[xINDEX]")
    good = [text for index, text in enumerate(texts[:48]) if index not in bad]
    assert len(good) > 15
    assert len(bad) > 5
    for text in good:
        assert parse_quantity(text) >= 0
