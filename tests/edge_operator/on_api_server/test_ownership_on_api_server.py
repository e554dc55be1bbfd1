"""The computed ownership is the one that the API server records, for every child of every example."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

from edge_operator.api.edgesite import EdgeSite
from edge_operator.cluster.objects import FIELD_MANAGER, object_path
from edge_operator.control.diff.desired_object import DesiredObject, desired_object
from edge_operator.control.diff.observed import observe, own_paths
from edge_operator.control.diff.ownership import owned_paths, readable
from edge_operator.desired.release import Release
from edge_operator.desired.root_secret import root_secret
from edge_operator.desired.site import SiteInput, desired_objects
from tests.support.rawapi import RawApi

EXAMPLES = Path(__file__).parents[3] / "examples"


def sites() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(EXAMPLES.glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] == "EdgeSite":
                yield f"{path.stem}:{document['metadata']['name']}", document


def intents(document: dict[str, Any], namespace: str) -> list[DesiredObject]:
    name = document["metadata"]["name"]
    spec = EdgeSite.model_validate(document).spec
    uid = "00000000-0000-4000-8000-000000000001"
    site = SiteInput(name=name, namespace=namespace, uid=uid, spec=spec, release=Release("1.2.3"), root=b"r" * 32)
    return [desired_object(manifest) for manifest in [*desired_objects(site), root_secret(name, namespace, site.root)]]


def apply(api: client.ApiClient, intent: DesiredObject) -> dict[str, Any]:
    path = object_path(intent.key.kind, intent.key.namespace, intent.key.name)
    return RawApi(api).apply(path, intent.manifest, FIELD_MANAGER, dryRun="All", fieldValidation="Strict")


@pytest.mark.parametrize("document", [pytest.param(d, id=i) for i, d in sites()])
def test_server_records_what_we_compute(document: dict[str, Any], namespace: str, api: client.ApiClient) -> None:
    for intent in intents(document, namespace):
        recorded = own_paths(apply(api, intent)["metadata"])
        computed = owned_paths(intent.manifest)
        more = sorted(readable(p) + str(p[-1:]) for p in computed - recorded)
        less = sorted(readable(p) + str(p[-1:]) for p in recorded - computed)
        assert (more, less) == ([], []), f"{intent.key}: computed but not recorded {more}, recorded only {less}"


@pytest.mark.parametrize("document", [pytest.param(d, id=i) for i, d in sites()])
def test_what_was_applied_reads_as_intact(document: dict[str, Any], namespace: str, api: client.ApiClient) -> None:
    for intent in intents(document, namespace):
        applied = apply(api, intent)
        applied["metadata"]["resourceVersion"] = "1"  # a dry run of a creation has none
        seen = observe(intent.key.kind, applied)
        assert (seen.hash, seen.owned, seen.foreign) == (intent.hash, intent.owned, ()), str(intent.key)
