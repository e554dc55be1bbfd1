"""A processor that reports its sinks: status, conditions and Events of the site, over outages, Secrets and leaders."""

import base64
import datetime as dt
import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from e2e.cluster.audit import AuditCursor
from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.fixture import Kubectl
from edge_operator.desired.kinds import DEPLOYMENT, SECRET
from edge_wire import topics
from edge_wire.messages import PROCESSOR, ComponentStatus
from edge_wire.messages.sinks import MEMBER, SinkReport
from tests.support.brokered import BrokeredSite, brokered
from tests.support.mosquitto import MosquittoFactory
from tests.support.processes import OperatorFactory, OperatorProcess, eventually, operators
from tests.support.sites import Sites, kind_path
from tests.support.writes import OperatorWrites

FIGURES_SECONDS = 2
CLOUD = {"endpoint": "https://ingest.example.com/edge"}
KAFKA = {"brokers": ["kafka:9092"]}
UP = SinkReport("cloud", connected=True)
AWAY = SinkReport(
    "cloud",
    connected=False,
    pending=1000,
    oldest_pending_time=dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC),
    last_error="no route to host",
)
LABELS = {"edge-stack.io/use": "true"}
KAFKA_UP = SinkReport("kafka", connected=True)


@pytest.fixture
def site(module_mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient) -> Iterator[BrokeredSite]:
    with brokered(Sites.of(api, namespace), "plant", module_mosquitto([])) as site:
        yield site
        site.sites.delete(site.name)


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory


@pytest.fixture
def make_operator(
    installed: None, control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> Iterator[OperatorFactory]:
    """Make operators of one test: the next one has leaders of its own."""
    lease = f"lease-{namespace}-{hashlib.sha256(tmp_path.name.encode()).hexdigest()[:8]}"
    with operators(control_plane, _made(tmp_path / "operators"), namespace, lease) as factory:
        yield factory


@pytest.fixture
def operator(site: BrokeredSite, make_operator: OperatorFactory) -> OperatorProcess:
    site.apply(cloud=CLOUD, processor={"kafka": KAFKA})
    operator = site.lead(make_operator, EDGE_FIGURES_SECONDS=str(FIGURES_SECONDS))
    site.sites.await_reconciled(site.name)
    set_ready(site, 1)
    return operator


def set_ready(site: BrokeredSite, pods: int) -> None:
    """Set the number of ready pods of the processor: no pod runs here."""
    path = f"{kind_path(DEPLOYMENT, site.sites.namespace)}/{site.name}-processor/status"
    body = {"status": {"replicas": pods, "readyReplicas": pods}}
    site.sites.api("PATCH", path, body, content_type="application/merge-patch+json")


def report(site: BrokeredSite, *sinks: SinkReport) -> None:
    """Publish the status of the processor, as the processor does."""
    status = ComponentStatus(PROCESSOR, "online", "p-1", extra={MEMBER: [each.to_object() for each in sinks]})
    words = [*site.broker.arguments("~processor"), "-t", topics.component_status(PROCESSOR), "-q", "1", "-r", "-s"]
    command = [str(site.broker.programs / "mosquitto_pub"), *words]
    subprocess.run(command, input=status.encode(), check=True, timeout=20)


def await_condition(site: BrokeredSite, kind: str, status: str, reason: str) -> dict[str, Any]:
    def condition() -> dict[str, Any] | None:
        found = site.sites.condition(site.name, kind)
        return found if (found.get("status"), found.get("reason")) == (status, reason) else None

    found: dict[str, Any] = eventually(f"{kind} {status} {reason}", condition)
    return found


def sinks_of(site: BrokeredSite) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in site.sites.status(site.name).get("sinks") or ()}


def column(site: BrokeredSite, kubectl: Kubectl) -> str:
    """Return what `kubectl get edgesites` shows below CLOUD."""
    head, row = kubectl("get", "edgesites", site.name, "-n", site.sites.namespace).stdout.splitlines()
    return row[head.index("CLOUD") : head.index("AGE")].strip()


def test_outage_of_the_cloud_is_seen_and_so_is_its_end(
    site: BrokeredSite, operator: OperatorProcess, make_operator: OperatorFactory
) -> None:
    await_condition(site, "CloudConnected", "Unknown", "NotObserved")
    report(site, UP, KAFKA_UP)
    await_condition(site, "CloudConnected", "True", "Connected")
    await_condition(site, "KafkaConnected", "True", "Connected")
    for sink in ("cloud", "kafka"):
        labels = {"namespace": site.sites.namespace, "site": site.name, "sink": sink}
        assert operator.metric("edge_operator_site_sink_connected", **labels) == 1
    report(site, AWAY, KAFKA_UP)
    condition = await_condition(site, "CloudConnected", "False", "CloudUnreachable")
    assert "no route to host; 1000 readings wait, the oldest since 2026-11-30T12:00:00Z" in condition["message"]
    assert sinks_of(site)["cloud"] == {
        "name": "cloud",
        "connected": False,
        "pending": 1000,
        "oldestPendingTime": "2026-11-30T12:00:00Z",
        "deadLetters": 0,
        "lastError": "no route to host",
    }
    eventually("one Event", lambda: len(site.events("CloudUnreachable")) == 1)
    report(site, replace(AWAY, pending=2000), KAFKA_UP)
    eventually("the figures", lambda: sinks_of(site)["cloud"]["pending"] == 2000)
    operator.kill()
    make_operator.renew_lease()
    site.lead(make_operator, EDGE_FIGURES_SECONDS=str(FIGURES_SECONDS))
    report(site, UP, KAFKA_UP)
    await_condition(site, "CloudConnected", "True", "Connected")
    eventually("an Event of its end", lambda: len(site.events("Connected")) == 1)
    assert len(site.events("CloudUnreachable")) == 1
    assert sinks_of(site)["cloud"] == {"name": "cloud", "connected": True, "pending": 0, "deadLetters": 0}
    ready = site.sites.condition(site.name, "Ready")
    assert ready["reason"] != "Stalled"


def test_sinks_disappear_with_the_spec(site: BrokeredSite, operator: OperatorProcess, kubectl: Kubectl) -> None:
    report(site, UP, KAFKA_UP)
    await_condition(site, "CloudConnected", "True", "Connected")
    assert column(site, kubectl) == "true"
    site.apply()
    eventually("no sinks", lambda: sinks_of(site) == {})
    await_condition(site, "CloudConnected", "False", "NotConfigured")
    assert site.sites.condition(site.name, "KafkaConnected") == {}
    assert column(site, kubectl) == ""
    assert operator.metric("edge_leader") == 1


def mounted_for_cloud(site: BrokeredSite) -> list[dict[str, Any]] | None:
    """Return what the processor's Deployment mounts for the cloud; None if it has no such volume, as that of a site
    with the same name that is being deleted.
    """
    path = f"{kind_path(DEPLOYMENT, site.sites.namespace)}/{site.name}-processor"
    volumes = site.sites.api("GET", path)["spec"]["template"]["spec"]["volumes"]
    found = [each["projected"] for each in volumes if each["name"] == "cloud"]
    return list(found[0].get("sources") or ()) if found else None


def test_secret_is_mounted_only_with_the_label(
    site: BrokeredSite, operator: OperatorProcess, audit: AuditCursor
) -> None:
    site.apply(cloud=CLOUD | {"credentialsSecretRef": {"name": "plant-cloud"}}, processor={"kafka": KAFKA})
    condition = await_condition(site, "CloudConnected", "False", "SinkSecretUnusable")
    assert condition["message"] == (
        "the Secret plant-cloud, named in spec.cloud.credentialsSecretRef, does not exist: create it, then run"
        " kubectl label secret plant-cloud edge-stack.io/use=true"
    )
    report(site, replace(AWAY, last_error="401"), KAFKA_UP)
    eventually("its error", lambda: "plant-cloud" in sinks_of(site).get("cloud", {}).get("lastError", ""))
    data = {"token": base64.b64encode(b"t").decode(), "other": base64.b64encode(b"o").decode()}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "plant-cloud"}, "data": data}
    secrets = kind_path(SECRET, site.sites.namespace)
    site.sites.api("POST", secrets, secret)

    def lacks_label() -> bool:
        return "does not have the label" in site.sites.condition(site.name, "CloudConnected")["message"]

    eventually("the label", lacks_label, 60)
    eventually("the volume", lambda: mounted_for_cloud(site) is not None, 60)
    assert mounted_for_cloud(site) == [], "it would be sent to the host in the spec"
    writes = OperatorWrites(audit, site.sites.namespace)
    site.sites.api("PUT", f"{secrets}/plant-cloud", secret | {"metadata": {"name": "plant-cloud", "labels": LABELS}})
    keys = [{"key": key, "path": key} for key in ("token", "username", "password")]
    source = {"secret": {"name": "plant-cloud", "items": keys, "optional": True}}
    eventually("the mount", lambda: mounted_for_cloud(site) == [source], 60)
    assert writes.to_children()[f"deployments/{site.name}-processor"] == 2, "created, and changed once"
    # The controller of Deployments has counted the pods again when the template changed.
    set_ready(site, 1)
    report(site, UP, KAFKA_UP)
    eventually("connected", lambda: site.sites.condition(site.name, "CloudConnected")["status"] == "True", 60)
    assert operator.metric("edge_leader") == 1


def test_state_is_unknown_without_a_processor(site: BrokeredSite, operator: OperatorProcess, kubectl: Kubectl) -> None:
    report(site, UP, KAFKA_UP)
    await_condition(site, "CloudConnected", "True", "Connected")
    set_ready(site, 0)

    def is_unknown() -> bool:
        return bool(site.sites.condition(site.name, "CloudConnected")["reason"] == "ProcessorNotRunning")

    eventually("no processor", is_unknown, 60)
    assert column(site, kubectl) == "false"
    set_ready(site, 1)
    await_condition(site, "CloudConnected", "True", "Connected")
    assert operator.metric("edge_leader") == 1


def test_reports_are_written_within_the_limit(
    site: BrokeredSite, operator: OperatorProcess, audit: AuditCursor
) -> None:
    report(site, AWAY, KAFKA_UP)
    await_condition(site, "CloudConnected", "False", "CloudUnreachable")
    writes = OperatorWrites(audit, site.sites.namespace)
    writes.await_quiet(1.5 * FIGURES_SECONDS)
    writes.restart()
    began = dt.datetime.now(dt.UTC)
    for number in range(2, 42):
        report(site, replace(AWAY, pending=1000 * number), KAFKA_UP)
    eventually("the last figures", lambda: sinks_of(site)["cloud"]["pending"] > 0.9 * 41_000)
    seconds = (dt.datetime.now(dt.UTC) - began).total_seconds()
    written = [each for each in writes.all() if each.resource == "edgesites"]
    assert 1 <= len(written) <= seconds / FIGURES_SECONDS + 2, f"{len(written)} writes in {seconds:.1f} s"
    assert operator.metric("edge_leader") == 1
