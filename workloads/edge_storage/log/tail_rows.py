"""The bodies of the rows of the tail: lines joined by line breaks, compressed unless they are small."""

import zlib

from edge_storage.database.errors import CorruptDatabaseError

MIN_PACKED_BYTES = 768
"""Smaller bodies stay as they are: they would not need fewer pages of the database."""

# Preparing the default window of 32 KiB takes several times as long as compressing a small body; the lines of a batch
# repeat within a few hundred bytes.
_WINDOW_BITS = 12
_MEMORY_LEVEL = 5

_LINE = b"{"
"""The first byte of a line, which a compressed body does not have."""


def packed(body: bytes) -> bytes:
    """Return `body` as the table `batch` has it; SQLite writes each page that it needs with two calls and a head."""
    if len(body) < MIN_PACKED_BYTES:
        return body
    compressing = zlib.compressobj(1, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL)
    return compressing.compress(body) + compressing.flush()


def unpacked(content: bytes, count: int) -> bytes:
    """Return the lines of a row, joined by line breaks.

    Only a compressed body has a checksum. Of the others, which are small, damage is found if it changes the number of
    lines, the first byte or the encoding.

    Args:
        content: of the row.
        count: number of its lines.

    Raises:
        CorruptDatabaseError: the content is damaged.
    """
    try:
        body = _checked(content) if content.startswith(_LINE) else zlib.decompress(content)
    except (zlib.error, UnicodeDecodeError) as error:
        raise damaged_row(error) from error
    lines = body.count(b"\n") + 1
    if lines != count:
        raise damaged_row(f"{lines} lines instead of {count}")
    if not body.startswith(_LINE):
        raise damaged_row("it does not begin with a reading")
    return body


def damaged_row(reason: object) -> CorruptDatabaseError:
    """Return the error of a damaged row."""
    return CorruptDatabaseError(f"a row of the tail is damaged ({reason})")


def _checked(body: bytes) -> bytes:
    body.decode()
    return body
