"""A newcomer on a real node types what the pages say, from the installation to the cleaning up."""

import re
from pathlib import Path

import pytest

from e2e.cluster.node.node import Node
from e2e.gateway import gateway
from e2e.reader import Reader, sections
from e2e.story import Story

END = "Clean up"
GONE = "edge-stack.io/site=plant"
REGISTRY = "docker.io"
"""The images of the node have the names of this one."""


@pytest.fixture(scope="module")
def reader(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    found = Reader(story.cluster, "newcomer", tmp_path_factory.mktemp("reader"))
    found.prepare()
    return found


def test_first_site(reader: Reader) -> None:
    printed = reader.run(sections("first-site.md", but=END), REGISTRY=REGISTRY)
    for told in ("condition met", "celsius", "temperature-high", "pong"):
        assert told in printed, printed
    site = reader.cluster.get("edgesite", "-n", reader.namespace, "plant")
    assert site["status"]["phase"] == "Ready"


def test_connect_a_device(reader: Reader) -> None:
    printed = reader.run(sections("connect-a-device.md"))
    assert "mqtts://plant-gateway" in printed
    assert '"command": "open-valve"' in printed.replace('":"', '": "')
    assert "Acked" in printed


def test_clients(reader: Reader) -> None:
    printed = reader.run(sections("clients.md"))
    assert "Acked" in printed
    assert '"accepted":1' in printed.replace(" ", "")


def test_liveness(reader: Reader) -> None:
    printed = reader.run(sections("liveness.md"))
    assert "Online" in printed
    assert '"online"' in printed


def test_troubleshoot(reader: Reader) -> None:
    printed = reader.run(sections("troubleshoot.md"))
    assert "Ready=True Reconciled" in printed
    assert "CredentialsReady=True InClusterOnly" in printed


def test_changes(reader: Reader) -> None:
    printed = reader.run(sections("changes.md"))
    assert "plant-gateway" in printed.partition("condition met")[2], "the message lists what waits"


def test_access(reader: Reader) -> None:
    printed = reader.run(sections("access.md"))
    assert printed.splitlines().count("yes") == 2, "who may view, and who may register devices"
    assert printed.splitlines().count("no") == 1, "who registers devices does not list Secrets"


def test_rotate_and_leak(reader: Reader) -> None:
    name = "boiler-1-device-credentials"
    before = reader.cluster.secret(reader.namespace, name)["password"]
    reader.run(sections("rotate-and-leak.md"))
    assert reader.cluster.secret(reader.namespace, name)["password"] != before


def test_upgrade(reader: Reader) -> None:
    printed = reader.run(sections("upgrade.md"))
    assert "docker.io/edge-stack/edge-gateway:" in printed, "the registry of the release is kept"
    assert 'deployment "edge-operator" successfully rolled out' in printed


def test_forwarding_and_an_outage(reader: Reader, node: Node) -> None:
    pages = [*sections("forwarding.md"), *sections("offline.md")]
    printed = reader.run(pages, ADDRESS=str(node.network.host))
    before, _, after = printed.partition("cloud: connected=false")
    assert "edgesite.edge-stack.io/plant condition met" in before
    pending = re.search(r"pending=(\d+)", after)
    assert pending
    assert int(pending[1]) > 0
    first, *_, last = map(int, re.findall(r'{"readings":([0-9]+),', printed))
    assert last > first


def test_cloud_commands(reader: Reader, node: Node) -> None:
    """The receiver and the site are those of the page before, whose receiver ended with its commands."""
    token = reader.cluster.secret(reader.namespace, "cloud")["token"]
    started = [block for block in sections("offline.md") if "examples/cloud-receiver" in block.text]
    printed = reader.run(
        [*started, *sections("cloud-commands.md")],
        ADDRESS=str(node.network.host),
        TOKEN=token,
        CLOUD_RECEIVER_TOKEN=token,
        CLOUD_RECEIVER_DATABASE=".edge/cloud.db",
    )
    assert '"result":"pong"' in printed
    audited = [line for line in printed.splitlines() if '"actor": "cloud"' in line]
    assert any('"command_id": "first-1"' in line and '"state": "Sent"' in line for line in audited), printed


def test_alerts(reader: Reader) -> None:
    for name in ("alerting", "alerting-ca"):
        reader.cluster.kubectl("create", "secret", "generic", "-n", reader.namespace, name)
    reader.run([block for block in sections("alerts.md") if "kubectl" in block.text])
    labels = reader.cluster.get("secret", "-n", reader.namespace, "alerting-ca")["metadata"]["labels"]
    assert labels == {"edge-stack.io/use": "true"}


def test_store(reader: Reader) -> None:
    """What the page does by kubectl; what it does on a laptop is run by tests/docs/test_store.py."""
    commands = [line for block in sections("store.md") for line in block.text.splitlines() if "exec deployment" in line]
    assert len(commands) == 2
    text = "\n".join(commands).replace("NAME", "plant")
    printed = reader.run_text(f"set -e\n{text}\nhead -n 1 readings.ndjson\ntar -tf store.tar")
    assert '"device_id":' in printed
    assert "edge.db" in printed


def test_backup_and_restore(reader: Reader) -> None:
    """Between the two halves of the page everything of the site is lost."""
    cluster, namespace = reader.cluster, reader.namespace
    password = cluster.secret(namespace, "boiler-1-device-credentials")["password"]
    with gateway(cluster, namespace, "plant") as door:
        kept = door.readings("boiler-1", 1)[0]
    reader.run(sections("backup.md", only="Back up"))
    cluster.kubectl("delete", "-n", namespace, "edgesite", "plant")
    cluster.kubectl("delete", "-n", namespace, "edgedevices.edge-stack.io", "--all")
    cluster.kubectl("delete", "-n", namespace, "pvc,secret", "-l", "edge-stack.io/site=plant")
    cluster.kubectl("wait", "-n", namespace, "deployments", "-l", GONE, "--for=delete", "--timeout=120s")
    reader.run(sections("backup.md", only="Restore"))
    assert cluster.secret(namespace, "boiler-1-device-credentials")["password"] == password
    with gateway(cluster, namespace, "plant") as door:
        found = {reading["offset"]: reading for reading in door.readings("boiler-1", 1000)}
    assert found[kept["offset"]] == kept


def test_cleaning_up_leaves_the_data_until_it_is_given_up(reader: Reader) -> None:
    first, last = sections("first-site.md", only=END)
    printed = reader.run([first])
    assert "plant-storage-data" in printed
    assert "plant-root" in printed
    reader.run([last])
    left = reader.cluster.items("persistentvolumeclaims,secrets", "-n", reader.namespace, "-l", "edge-stack.io/site")
    names = {item["metadata"]["name"] for item in left}
    assert not names & {"plant-storage-data", "plant-mqtt-data", "plant-mqtt-log", "plant-root"}


def test_pages_are_there() -> None:
    assert {path.name for path in Path(__file__).parents[2].joinpath("docs").glob("*.md")} >= {
        "first-site.md",
        "forwarding.md",
        "offline.md",
        "cloud-commands.md",
        "alerts.md",
        "store.md",
        "troubleshoot.md",
        "architecture.md",
        "conditions.md",
        "connect-a-device.md",
        "liveness.md",
        "security.md",
        "topics.md",
    }
