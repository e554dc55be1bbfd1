"""The broker of the cloud and the prefix of its topics, from CLOUD_ENDPOINT. Pure."""

from urllib.parse import urlsplit, urlunsplit

from edge_service.address import BrokerAddress


def cloud_broker(endpoint: str) -> tuple[BrokerAddress, str]:
    """Return the broker of an endpoint such as `mqtts://host:port/path`, and the prefix of every topic there.

    Raises:
        ValueError: it is not such an address; the message shows a valid one and never contains a password.
    """
    parts = urlsplit(endpoint.strip())
    try:
        broker = BrokerAddress.parse(urlunsplit((parts.scheme, parts.netloc, "", parts.query, parts.fragment)))
    except ValueError:
        broker = None
    path = parts.path.strip("/")
    if broker is None or not broker.tls or any(sign in path for sign in "+#$"):
        raise ValueError(
            "CLOUD_ENDPOINT must be an address such as mqtts://broker.example.com:8883/plant-1, without login: username"
            " and password come from CLOUD_CREDENTIALS_DIR"
        )
    return broker, f"{path}/" if path else ""
