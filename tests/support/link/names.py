"""The name server of the far end: each name below `far.test` is its address (RFC 1035). Pure."""

import struct

DOMAIN = "far.test"
A, INTERNET = 1, 1
ANSWER, NOT_FOUND = 0x8180, 0x8183
TTL_SECONDS = 0


def answer(query: bytes, address: bytes) -> bytes:
    """Return the answer to a query with one question; `address` has four bytes."""
    (identity,) = struct.unpack_from("!H", query)
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "replace").lower())
        at += 1 + length
    question = query[12 : at + 5]
    kind, _ = struct.unpack_from("!2H", query, at + 1)
    if ".".join(labels[-2:]) != DOMAIN:
        return struct.pack("!6H", identity, NOT_FOUND, 1, 0, 0, 0) + question
    if kind != A:
        return struct.pack("!6H", identity, ANSWER, 1, 0, 0, 0) + question
    record = struct.pack("!3HIH", 0xC00C, A, INTERNET, TTL_SECONDS, len(address)) + address
    return struct.pack("!6H", identity, ANSWER, 1, 1, 0, 0) + question + record
