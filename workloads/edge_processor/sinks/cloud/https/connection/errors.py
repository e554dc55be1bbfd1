"""The errors of the HTTP client as texts for people."""

import aiohttp

CONNECT_SECONDS = 5.0
"""Maximum seconds until a connection is established, with name lookup, proxy and TLS."""


def described(error: Exception, address: str, seconds: float) -> str:
    """Return what failed, as printable text; not the message of aiohttp, which may have a URL in it.

    Args:
        error: of a request.
        address: host and port of the server.
        seconds: for which the request waited for its answer.
    """
    # A reason phrase in Latin-1 has surrogates, which JSON cannot have.
    text = _described(error, address, seconds).encode("utf-8", "replace").decode()
    return "".join(each if each.isprintable() else " " for each in text)


def _described(error: Exception, address: str, seconds: float) -> str:  # noqa: PLR0911 - a table
    match error:
        case aiohttp.ClientConnectorCertificateError(certificate_error=why):
            text = getattr(why, "verify_message", "") or why
            return f"the certificate of {address} is not trusted ({text}): ca.crt must contain its authority"
        case aiohttp.ClientHttpProxyError(status=status, message=message):
            return f"the proxy rejects the connection to {address}: {status} {message}"
        case aiohttp.ClientProxyConnectionError():
            return f"cannot connect to the proxy {error.host}:{error.port}: {error.os_error}"
        case aiohttp.ClientConnectorError(os_error=why):
            return f"cannot connect to {address}: {why}"
        case aiohttp.ConnectionTimeoutError():
            return f"cannot connect to {address} within {CONNECT_SECONDS:g} s"
        case TimeoutError():
            return f"{address} did not answer within {seconds:g} s"
        case aiohttp.ServerDisconnectedError():
            return f"{address} closed the connection without an answer"
        case aiohttp.ClientResponseError(message=message):
            return f"the answer of {address} is not valid HTTP: {message.partition(chr(10))[0]}"
        case OSError() if "://" not in str(error) and "@" not in str(error):
            return f"the connection to {address} failed: {error}"
        case _:  # the URL of a proxy may have a password
            return f"the connection to {address} failed ({type(error).__name__})"
