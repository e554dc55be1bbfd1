"""The definitions that are generated from the types."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from edge_operator.api.crd import DEFINITIONS, definition, main, render, stale_files
from edge_operator.api.edgedevice import EdgeDevice
from edge_operator.api.edgesite import EdgeSite, EdgeSiteSpec
from edge_operator.api.schema import NOTATION, ApiModel, rule, rules
from edge_operator.api.structural import defaults_of, structural_schema

REPOSITORY = Path(__file__).parents[3]
Schema = dict[str, Any]


def schema_of(kind: str) -> Schema:
    (found,) = [of for of in DEFINITIONS if of.model.__name__ == kind]
    schema: Schema = definition(found)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def nodes(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        if path.count(".") or name in {"spec", "status"}:  # apiVersion, kind and metadata are Kubernetes' own
            yield from nodes(child, f"{path}.{name}")
    for key, mark in (("items", "[]"), ("additionalProperties", "[*]")):
        if key in schema:
            yield from nodes(schema[key], path + mark)


NODES = [
    pytest.param(schema, id=path)
    for kind in ("EdgeSite", "EdgeDevice")
    for path, schema in nodes(schema_of(kind), kind)
]


@pytest.mark.parametrize("schema", NODES)
def test_everything_has_bounds(schema: Schema) -> None:
    match schema.get("type"):
        case "string":
            assert "maxLength" in schema or "enum" in schema or "format" in schema
        case "integer":
            assert "minimum" in schema
        case "array":
            assert "maxItems" in schema
            assert "x-kubernetes-list-type" in schema
        case "object":
            assert "properties" in schema or "maxProperties" in schema
        case "boolean":
            pass
        case other:
            assert other is None
            assert schema["x-kubernetes-int-or-string"] is True
            assert "maxLength" in schema


@pytest.mark.parametrize("schema", NODES)
def test_everything_is_described(schema: Schema) -> None:
    for name, child in schema.get("properties", {}).items():
        if name != "metadata":
            assert child["description"].strip() == child["description"]
            assert child["description"].endswith("." if name not in {"apiVersion", "kind"} else ""), name
            assert "\n" not in child["description"]


@pytest.mark.parametrize("schema", NODES)
def test_nothing_is_left_that_a_structural_schema_cannot_say(schema: Schema) -> None:
    assert not schema.keys() & {"title", "$ref", "$defs", "anyOf", "const", NOTATION}
    assert schema.get("default", ...) is not None
    assert schema.get("additionalProperties", {}) is not False
    for validation in schema.get("x-kubernetes-validations", []):
        assert "\n" not in validation["message"]


@pytest.mark.parametrize("directory", ["crds", "charts/edge-stack/crds"])
def test_the_files_are_what_the_types_say(directory: str) -> None:
    assert stale_files([REPOSITORY / directory]) == []


def test_rendering_is_deterministic() -> None:
    for of in DEFINITIONS:
        text = render(of)
        assert text == render(of)
        assert yaml.safe_load(text) == json.loads(json.dumps(definition(of)))
        assert not any(token in text for token in ("&id", "*id"))
        assert len(text) < 262_144  # `kubectl apply` keeps it in an annotation


def test_the_command_writes_and_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directories = [str(tmp_path / "a"), str(tmp_path / "b")]
    assert main(["--check", *directories]) == 1
    assert main(directories) == 0
    assert main(["--check", *directories]) == 0
    capsys.readouterr()
    stale = tmp_path / "b" / "edge-stack.io_edgesites.yaml"
    stale.write_text("# edited\n", encoding="utf-8")
    assert main(["--check", *directories]) == 1
    expected = f"{stale}: is not what operator/edge_operator/api says; run `make generate`\n"
    assert capsys.readouterr().err == expected


def test_the_schema_and_the_models_have_the_same_defaults() -> None:
    assert defaults_of(schema_of("EdgeSite"))["spec"] == EdgeSiteSpec().model_dump(by_alias=True, exclude_none=True)
    assert EdgeSite() == EdgeSite.model_validate({"spec": {}})


def test_only_what_cannot_be_missing_is_required() -> None:
    assert "required" not in schema_of("EdgeSite")
    assert "required" not in schema_of("EdgeSite")["properties"]["spec"]
    assert schema_of("EdgeDevice")["required"] == ["spec"]
    assert schema_of("EdgeDevice")["properties"]["spec"]["required"] == ["siteRef"]
    assert EdgeDevice.model_fields["spec"].is_required()


class Inner(ApiModel):
    """An inner part."""

    model_config = ConfigDict(json_schema_extra=rules(rule("self.size > 0", "must be above zero")))

    size: Annotated[int, Field(gt=0)] = 3
    """Its
    size."""

    mode: Literal["One"] = "One"
    """Its mode."""


class Outer(ApiModel):
    """The outer part."""

    inner: Annotated[Inner, Field(json_schema_extra=rules(rule("self.size < 9", "must be below nine")))] = Inner()
    """The inner part, said nearer."""

    inners: Annotated[dict[str, Inner] | None, Field(max_length=2)] = None
    """Inner parts by name."""


def test_a_nested_model_is_written_out() -> None:
    schema = structural_schema(Outer)["properties"]["inner"]
    assert schema == {
        "type": "object",
        "description": "The inner part, said nearer.",
        "default": {"size": 3, "mode": "One"},
        "x-kubernetes-validations": [
            {"rule": "self.size > 0", "message": "must be above zero"},
            {"rule": "self.size < 9", "message": "must be below nine"},
        ],
        "properties": {
            "size": {
                "type": "integer",
                "description": "Its size. Default: 3.",
                "minimum": 0,
                "exclusiveMinimum": True,
                "default": 3,
            },
            "mode": {
                "type": "string",
                "description": "Its mode. Default: One.",
                "enum": ["One"],
                "default": "One",
            },
        },
    }


def test_a_map_says_what_its_values_are() -> None:
    schema = structural_schema(Outer)["properties"]["inners"]
    assert schema["maxProperties"] == 2
    assert schema["additionalProperties"]["description"] == "An inner part."
    assert "default" not in schema


class Undescribed(BaseModel):
    size: int = 0


class Odd(ApiModel):
    """A part with a default that its fields do not have."""

    inner: Inner = Inner(size=4)
    """Its inner part."""


class Ambiguous(ApiModel):
    """A part of two types."""

    size: int | str = 0
    """Its size."""


class Unsayable(ApiModel):
    """A part with a keyword that structural schemas do not support."""

    size: Annotated[int, Field(multiple_of=2)] = 0
    """Its size."""


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Undescribed, "Undescribed.size: has no description"),
        (Odd, "Odd.inner: the default of a nested model must be made of the defaults of its fields"),
        (Ambiguous, "Ambiguous.size: a field has one type"),
        (Unsayable, "Unsayable.size: a structural schema cannot say 'multipleOf'"),
    ],
)
def test_says_what_cannot_be_generated(model: type[BaseModel], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        structural_schema(model)
