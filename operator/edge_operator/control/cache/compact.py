"""Reduces the memory of cached objects: ten thousand of them contain the same strings."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

WORDS = 8192
"""Number of interned strings: names of fields, reasons, messages, and the latest of the unique ones."""


def compact(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object without managedFields and with interned strings.

    managedFields make up most of an object. `json.loads` shares strings within one document only.
    """
    metadata = {field: value for field, value in body["metadata"].items() if field != "managedFields"}
    kept: dict[str, Any] = _shared({**body, "metadata": metadata})
    return kept


def _shared(value: Any) -> Any:
    """Return a copy of a JSON value with interned strings."""
    if isinstance(value, str):
        return _word(value)
    if isinstance(value, dict):
        return {_word(field): _shared(each) for field, each in value.items()}
    if isinstance(value, list):
        return [_shared(each) for each in value]
    return value


@lru_cache(WORDS)
def _word(text: str) -> str:
    """Return the interned string of this text."""
    return text
