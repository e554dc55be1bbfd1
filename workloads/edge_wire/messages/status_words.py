"""What the words of a device's status mean: one table for MQTT, HTTP and the docs. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import orjson

from edge_wire.messages.document import as_object, load_repaired, without_bom
from edge_wire.messages.malformed import MalformedError, kind

Meaning = Literal["online", "offline", "alive"]

ALIVE: Meaning = "alive"
"""Meaning of each word that is not in `MEANINGS`: the device sent a message, so it is alive."""

MEANINGS: Mapping[str, Meaning] = MappingProxyType({"online": "online", "offline": "offline"})
"""Meaning of a word in lower case: the case of a word is ignored."""

MAX_WORD_CHARACTERS = 128
"""Maximum characters of a word: as many as a status of an EdgeDevice holds."""

_NAMES = ("status", "state")
"""Fields that may have the word; the first one that is present counts."""

_MAX_BARE_BYTES = 4 * MAX_WORD_CHARACTERS + 64
_NOT_BARE = (b"{", b"[")


def meaning_of(word: str) -> Meaning:
    """Return the meaning of a word, in any case."""
    return MEANINGS.get(word.lower(), ALIVE)


def status_fields(payload: bytes) -> dict[str, Any]:
    """Return the fields of a status; a bare word, in quotes or not, is the field `status` alone.

    Raises:
        MalformedError: it is neither a word nor a JSON object.
    """
    text = without_bom(payload).strip()
    if not text or text.startswith(_NOT_BARE):
        return as_object(load_repaired(payload))
    if len(text) > _MAX_BARE_BYTES:
        raise _too_long()
    if text.startswith(b'"'):
        return {"status": load_repaired(text)}
    try:
        return {"status": text.decode()}
    except UnicodeDecodeError as error:
        raise MalformedError("utf8", f"the payload is not UTF-8: byte {error.start} is not valid") from None


def take_word(fields: dict[str, Any]) -> str:
    """Remove the word of a status from its fields and return it, without blanks around it.

    Numbers and booleans are words too, such as `1` and `true`.

    Raises:
        MalformedError: there is no word, it is too long, or it is another type of JSON.
    """
    name = next((name for name in _NAMES if fields.get(name) is not None), None)
    value = None if name is None else fields.pop(name)
    fields.pop("status", None)  # null is as good as absent
    if name is None:
        raise MalformedError("field", "status is missing: it must be a word, such as online or offline")
    return _checked(value, name)


def _checked(value: Any, name: str) -> str:
    if isinstance(value, bool | int | float):
        return orjson.dumps(value).decode()
    if not isinstance(value, str):
        raise MalformedError("type", f"{name} must be a string, not {kind(value)}")
    word = value.strip()
    if not word:
        raise MalformedError("field", f"{name} is empty: it must be a word, such as online or offline")
    if len(word) > MAX_WORD_CHARACTERS:
        raise _too_long()
    if not word.isprintable():
        raise MalformedError("field", f"{name} has characters that cannot be printed")
    return word


def _too_long() -> MalformedError:
    return MalformedError("field", f"the word of the status has more than {MAX_WORD_CHARACTERS} characters")
