"""Finds the content of Secrets in a JSON log, in any spelling that it can have there."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

PUBLIC = ("username", "host", "port", "url", "shards", "of", "ca.crt", "tls.crt")
"""Keys of our Secrets with values that may be logged."""

SHORTEST = 8
"""Characters of a line that is looked for: what is shorter may be there by chance."""


def leaked_keys(log: str, data: Mapping[str, Any]) -> list[str]:
    """Return the keys of a Secret's `data` with a value, or a line of it, that a log contains."""
    return [
        key
        for key, value in data.items()
        if key not in PUBLIC and any(spelling in log for spelling in _spellings(str(value)))
    ]


def _spellings(encoded: str) -> Iterator[str]:
    """Return how a value may be spelt: a JSON log has quotes and ends of lines only behind a backslash."""
    content = base64.b64decode(encoded)
    yield encoded
    yield content.hex()
    text = content.decode(errors="replace")
    for part in (text, *(line for line in text.splitlines() if len(line) >= SHORTEST)):
        yield json.dumps(part, ensure_ascii=False)[1:-1]
