"""Compressed bodies of requests: decompressed part by part, never beyond a limit. Pure."""

import zlib

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
"""Expects the header and the checksum of gzip."""


MAX_MEMBERS = 100
"""Maximum number of members of a gzip stream; most programs send one."""


class EncodingError(ValueError):
    """The body is not what its `Content-Encoding` says."""


class TooLargeError(ValueError):
    """The body has more bytes than the limit."""


class Gunzip:
    """Decompresses a gzip stream of one or more members.

    Args:
        limit: maximum size of the result, in bytes. No more is held, whatever the ratio of the compression.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._content = bytearray()
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._members = 1
        self._is_empty = True

    def feed(self, part: bytes) -> None:
        """Decompress a part.

        Raises:
            TooLargeError: the result has more than `limit` bytes.
            EncodingError: the part is not gzip.
        """
        while part:
            if self._member.eof:
                self._begin_member()
            self._is_empty = False
            try:
                # One byte more than allowed shows that there is more.
                self._content += self._member.decompress(part, self._limit + 1 - len(self._content))
            except zlib.error as error:
                raise EncodingError(f"the body is not gzip: {error}") from error
            if len(self._content) > self._limit:
                raise TooLargeError
            part = self._member.unused_data or self._member.unconsumed_tail

    def _begin_member(self) -> None:
        # Each member copies what follows it.
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise EncodingError(f"the body has more than {MAX_MEMBERS} gzip members: send one")
        self._member = zlib.decompressobj(_GZIP_WINDOW)

    def finish(self) -> bytes:
        """Return the result.

        Raises:
            EncodingError: the end is missing.
        """
        if self._is_empty or not self._member.eof:
            raise EncodingError("the body is not complete gzip: its end is missing")
        return bytes(self._content)
