"""docs/api-reference.md: it is what the types say, has every field, and says of each what its change restarts."""

from typing import Any

import pytest

from e2e.reference.fields import Field, fields
from e2e.reference.page import PAGE, render, restarts_of
from e2e.reference.restarts import NAMES
from edge_operator.api.edgedevice import EdgeDevice
from edge_operator.api.edgesite import EdgeSite
from edge_operator.api.structural import structural_schema
from tests.edge_operator.desired.sites import children
from tests.edge_operator.desired.test_field_reach import BESIDE, SINKS, TOUCHED, given, merged

SPEC = {each.path: each for each in fields(structural_schema(EdgeSite)["properties"]["spec"])}
RESTARTS = restarts_of(SPEC.values())
SAMPLES: list[tuple[dict[str, Any], str, Any]] = [({}, path, value) for path, value, _ in TOUCHED] + [
    (SINKS, path, value) for path, value, _ in BESIDE
]


def test_the_page_is_what_the_types_say() -> None:
    assert PAGE.read_text() == render(), "run make generate"


@pytest.mark.parametrize(("base", "path", "value"), SAMPLES, ids=[path for _, path, _ in SAMPLES])
def test_a_program_that_a_change_restarts_is_named(base: dict[str, Any], path: str, value: Any) -> None:
    before, after = children(base), children(merged(base, given(path, value)))
    changed = {
        name for kind, name in before if kind == "Deployment" and _template(before, name) != _template(after, name)
    }
    named = {text for each, texts in RESTARTS.items() if (each + ".").startswith(path + ".") for text in texts}
    assert {NAMES[name] for name in changed} == named


def _template(found: dict[tuple[str, str], dict[str, Any]], name: str) -> Any:
    return found["Deployment", name]["spec"]["template"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("gateway.replicas", ()),
        ("location", ("gateway", "processor")),
        ("processor.rules", ("processor",)),
        ("broker.external.topicPrefix", ("gateway", "processor", "store")),
    ],
)
def test_what_restarts(path: str, expected: tuple[str, ...]) -> None:
    assert RESTARTS[path] == expected


@pytest.mark.parametrize(
    ("path", "default", "fixed"),
    [
        ("storage.size", "10Gi", ""),
        ("storage.storageClassName", "", "cannot be changed"),
        ("broker.managed.storage.data", "1Gi", ""),
        ("broker.external.url", "required", ""),
        ("storage.retention.maxSize", "85 %", ""),
    ],
)
def test_default_and_what_cannot_be_changed(path: str, default: str, fixed: str) -> None:
    found = SPEC[path]
    assert found.default.startswith(default)
    assert bool(found.default) == bool(default)
    assert found.fixed.startswith(fixed)
    assert bool(found.fixed) == bool(fixed)
    assert "Default:" not in found.description


def test_fields_of_devices_that_cannot_be_changed() -> None:
    spec = {each.path: each for each in fields(structural_schema(EdgeDevice)["properties"]["spec"])}
    assert {path for path, each in spec.items() if each.fixed} == {"siteRef.name", "deviceId", "credentials.rotation"}


def test_a_default_in_the_middle_of_a_text_is_found() -> None:
    schema = {"properties": {"a": {"type": "string", "description": "One. Default: 2.5 of b. Last."}}}
    (found,) = fields(schema)
    assert found == Field("a", "string", "2.5 of b", "", "One. Last.", schema["properties"]["a"])
