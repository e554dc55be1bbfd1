"""TLS to the broker: the trusted certificate authorities, and the error of a certificate that is not trusted."""

import ssl

from edge_service.address import BrokerAddress
from edge_service.mqtt.credentials import Login
from edge_service.mqtt.errors import UntrustedError


def trusted_context(login: Login) -> ssl.SSLContext:
    """Return a context that trusts the login's certificate authorities, or those of the system.

    Raises:
        UntrustedError: they cannot be used.
    """
    try:
        return ssl.create_default_context(cafile=login.authorities, cadata=login.authorities_pem)
    except (OSError, ValueError) as error:
        where = login.authorities or "ca.crt"
        raise UntrustedError(f"{where} holds no certificates that can be trusted: {error}") from error


def untrusted(broker: BrokerAddress, error: ssl.SSLCertVerificationError) -> UntrustedError:
    """Return the error of a broker with a certificate that is not trusted."""
    return UntrustedError(
        f"{broker} shows a certificate that is not trusted ({error.verify_message}): ca.crt must contain the authority"
        " that signed it, and the broker's address must be a name in it"
    )
