"""Cursors of lists: opaque to clients; they contain a kind and a position."""

import base64
import binascii

MAX_CHARACTERS = 256
"""Characters; ours are far shorter."""


def encode_cursor(kind: str, position: str) -> str:
    """Return the cursor of the page after `position` in the list of `kind`."""
    return base64.urlsafe_b64encode(f"{kind}:{position}".encode()).rstrip(b"=").decode()


def decode_cursor(kind: str, text: str) -> str:
    """Return the position in the cursor `text`.

    Raises:
        ValueError: it is not a cursor of a list of `kind`.
    """
    wrong = ValueError("cursor must be the `next` of an earlier page of this list; omit it for the first page")
    if len(text) > MAX_CHARACTERS or not text.isascii():
        raise wrong
    padded = text + "=" * (-len(text) % 4)
    try:
        found, _, position = base64.b64decode(padded, b"-_", validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise wrong from error
    if found != kind or not position:
        raise wrong
    return position
