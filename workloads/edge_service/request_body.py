"""Bodies of HTTP requests, up to a limit."""

from starlette.requests import Request


class BodyTooLargeError(Exception):
    """The body is larger than the limit; the message contains the limit."""


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body of `request`; at most `limit` bytes and one chunk are held.

    Raises:
        BodyTooLargeError: it has more than `limit` bytes.
    """
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > limit:
        raise BodyTooLargeError(f"the request has {length} bytes: send at most {limit} at a time")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise BodyTooLargeError(f"the request has more than {limit} bytes: send at most that many at a time")
    return bytes(body)
