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


def secret_value(secret: Mapping[str, Any], key: str) -> bytes | None:
    """Return the value of a key in a Secret as the API server has it; None if there is no such key.

    Raises:
        ValueError: the value is not base64.
    """
    encoded = (secret.get("data") or {}).get(key)
    if encoded is None:
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise ValueError(f"the key {key} is not base64") from error


def secret_text(secret: Mapping[str, Any], key: str) -> str | None:
    """Return the text of a key in a Secret as the API server has it; None if there is no such key.

    Raises:
        ValueError: the value is not base64, or not UTF-8.
    """
    value = secret_value(secret, key)
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"the key {key} is not UTF-8") from error


def as_given(part: BaseModel) -> dict[str, Any]:
    """Return a part of the spec as in a manifest: camelCase, without fields that were not given."""
    return part.model_dump(mode="json", by_alias=True, exclude_none=True)


def content_hash(*objects: Manifest) -> str:
    """Return a hash of the content of ConfigMaps and Secrets: it changes with the content, not with the order."""
    content = {f"{each['kind']}/{each['metadata']['name']}": each["data"] for each in objects}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
