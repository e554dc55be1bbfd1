"""JSON schemas for kubeconform, from the API server's own OpenAPI and from CRDs; strict: unknown fields are refused."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

Json = dict[str, Any]

LOCATION = "{{.ResourceKind}}_{{.Group}}_{{.ResourceAPIVersion}}.json"
"""kubeconform's template for the name of a schema's file."""

KINDS = "x-kubernetes-group-version-kind"
OPEN = "x-kubernetes-preserve-unknown-fields"
METADATA: Json = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}


def closed(schema: Any) -> Any:
    """Return an OpenAPI schema as a JSON schema in which objects have no other fields than those named."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    result = {key: _closed_value(key, value) for key, value in schema.items()}
    if "properties" in result and "additionalProperties" not in result and not result.get(OPEN):
        result["additionalProperties"] = False
    if result.pop("nullable", False) and isinstance(result.get("type"), str):
        result["type"] = [result["type"], "null"]
    return result


def _closed_value(key: str, value: Any) -> Any:
    if key == "properties":  # here the keys are names of fields, even where one is called `properties`
        return {name: closed(each) for name, each in value.items()}
    return value if key in {"default", "enum", "example"} else closed(value)


def of_openapi(document: Json) -> dict[str, Json]:
    """Return the schemas of an OpenAPI v3 document of the API server, by the names of their files."""
    components = {"schemas": {name: closed(each) for name, each in document["components"]["schemas"].items()}}
    return {
        _file_name(kind["kind"], kind["group"], kind["version"]): {
            "$ref": f"#/components/schemas/{name}",
            "components": components,
        }
        for name, schema in document["components"]["schemas"].items()
        for kind in schema.get(KINDS, ())
    }


def of_crd(crd: Json) -> dict[str, Json]:
    """Return the schemas of a CRD's versions, by the names of their files."""
    found = {}
    for version in crd["spec"]["versions"]:
        schema: Json = closed(version["schema"]["openAPIV3Schema"])
        schema["properties"] = METADATA | schema["properties"]
        name = _file_name(crd["spec"]["names"]["kind"], crd["spec"]["group"], version["name"])
        found[name] = schema
    return found


def _file_name(kind: str, group: str, version: str) -> str:
    # For the core group kubeconform puts the version in the group's place.
    return f"{kind.lower()}_{group or version}_{version}.json"


def write(folder: Path, get_raw: Callable[[str], str], versions: Iterable[str], crds: Iterable[Json]) -> str:
    """Write the schemas of an API server's kinds and of CRDs, and return kubeconform's `-schema-location`.

    Args:
        folder: where they go.
        get_raw: returns what the API server answers to a path, as `kubectl get --raw` does.
        versions: which API versions, such as `v1` and `apps/v1`.
        crds: custom resources beside them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, Json] = {}
    for version in versions:
        root = "apis" if "/" in version else "api"
        found |= of_openapi(json.loads(get_raw(f"/openapi/v3/{root}/{version}")))
    for crd in crds:
        found |= of_crd(crd)
    for name, schema in found.items():
        (folder / name).write_text(json.dumps(schema))
    return str(folder / LOCATION)
