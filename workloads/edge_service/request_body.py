"""Bodies of HTTP requests, up to a limit."""

from http import HTTPStatus

from starlette.requests import Request

from edge_service.content_encoding import EncodingError, Gunzip, TooLargeError
from edge_service.problem import Problem, ProblemError, refuse

_GZIP = frozenset({"gzip", "x-gzip"})


class BodyTooLargeError(Exception):
    """The body is larger than the limit; the message contains the limit."""


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body of `request`, decompressed; at most `limit` bytes and one chunk of the request are held.

    Raises:
        BodyTooLargeError: it has more than `limit` bytes, compressed or not.
        ProblemError: its `Content-Encoding` is not gzip (415), or the body is not gzip although it says so (400).
    """
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > limit:
        raise BodyTooLargeError(f"the request has {length} bytes: send at most {limit} at a time")
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        return await _plain(request, limit)
    if encoding in _GZIP:
        return await _compressed(request, limit)
    detail = "the body has an unknown Content-Encoding: send it without compression, or with gzip"
    problem = Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UnsupportedEncoding", detail, {"Accept-Encoding": "gzip"})
    raise ProblemError(problem)


async def _plain(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


async def _compressed(request: Request, limit: int) -> bytes:
    gunzip, size = Gunzip(limit), 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            gunzip.feed(chunk)
        return gunzip.finish()
    except TooLargeError:
        raise _too_large(limit) from None
    except EncodingError as error:
        raise refuse(HTTPStatus.BAD_REQUEST, "UnreadableBody", str(error), cause="gzip") from error


def _too_large(limit: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"the request has more than {limit} bytes: send at most that many at a time")
