"""Values as manifests write them: Secret data, quantities, parts of the spec, hashes of content."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from edge_operator.desired.inputs import Manifest


def secret_data(values: Mapping[str, str | bytes]) -> dict[str, str]:
    """Return the `data` of a Secret."""
    raw = {key: value if isinstance(value, bytes) else value.encode() for key, value in values.items()}
    return {key: base64.b64encode(value).decode() for key, value in raw.items()}


def as_given(part: BaseModel) -> dict[str, Any]:
    """Return a part of the spec as in a manifest: camelCase, without fields that were not given."""
    return part.model_dump(mode="json", by_alias=True, exclude_none=True)


def content_hash(*objects: Manifest) -> str:
    """Return a hash of the content of ConfigMaps and Secrets: it changes with the content, not with the order."""
    content = {f"{each['kind']}/{each['metadata']['name']}": each["data"] for each in objects}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
