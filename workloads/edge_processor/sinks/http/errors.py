"""How a request can fail. Loads aiohttp: import it only if a sink requires it."""

import aiohttp

from edge_processor.delivery.destination import DeliveryError

CONNECT_SECONDS = 5.0
"""Maximum seconds until a connection is established, with name lookup, proxy and TLS."""


class ConnectionFailedError(DeliveryError):
    """No complete answer arrived; the destination may have received the request."""


class UnreachableError(ConnectionFailedError):
    """There is no connection, by name lookup, TCP, TLS or the proxy: nothing was sent."""


def failure(error: Exception, origin: str, seconds: float) -> ConnectionFailedError:
    """Return what failed; not with the message of aiohttp, which may have a URL in it: its path may be a secret.

    The text is printable: a reason phrase in Latin-1 has surrogates, which JSON cannot have.

    Args:
        error: of a request.
        origin: of the destination.
        seconds: for which the request waited for its answer.
    """
    found = _failure(error, origin, seconds)
    text = str(found).encode("utf-8", "replace").decode()
    return type(found)("".join(each if each.isprintable() else " " for each in text))


def _failure(error: Exception, origin: str, seconds: float) -> ConnectionFailedError:  # noqa: PLR0911 - a table
    match error:
        case aiohttp.ClientConnectorCertificateError(certificate_error=why):
            text = getattr(why, "verify_message", "") or why
            return UnreachableError(
                f"{origin} shows a certificate that is not trusted ({text}): ca.crt must contain the authority that"
                " signed it, and the host of the URL must be a name in it"
            )
        case aiohttp.ClientHttpProxyError(status=status, message=message):
            return UnreachableError(f"the proxy cannot connect to {origin}: it answers {status} {message}")
        case aiohttp.ClientProxyConnectionError(os_error=why):
            return UnreachableError(f"the proxy {error.host}:{error.port} cannot be reached: {why.strerror or why}")
        case aiohttp.ClientConnectorError(os_error=why):
            return UnreachableError(f"{origin} cannot be reached: {why.strerror or why}")
        case aiohttp.ConnectionTimeoutError():
            return UnreachableError(f"{origin} cannot be reached: no connection within {CONNECT_SECONDS:g} s")
        case TimeoutError():
            return ConnectionFailedError(f"{origin} does not answer within {seconds:g} s")
        case aiohttp.ClientResponseError(message=message):
            return ConnectionFailedError(f"the answer of {origin} is not valid HTTP: {message.partition(chr(10))[0]}")
    return ConnectionFailedError(f"{origin} closed the connection without a complete answer ({type(error).__name__})")
