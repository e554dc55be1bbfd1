"""When the list of API tokens is published: once on each connection, and when it changes."""

import base64
from typing import cast

from edge_operator.broker.endpoint import SiteKey
from edge_operator.broker.session import BrokerState
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.control.site_broker.api_token_publisher import ApiTokenPublisher
from edge_operator.desired.inputs import SiteInput
from edge_wire.messages import ApiRole, ApiTokenList, token_digest
from tests.edge_operator.desired.sites import children, make_site


class Sessions:
    """One session with a broker."""

    def __init__(self) -> None:
        self.current: BrokerState | None = None
        self.sent: list[tuple[str, bytes, bool]] = []

    def state(self, _site: SiteKey) -> BrokerState | None:
        return self.current

    def send(self, _site: SiteKey, topic: str, payload: bytes, *, retain: bool) -> object:
        self.sent.append((topic, payload, retain))
        return object()

    def connect(self) -> None:
        self.current = BrokerState(connected=True, message="connected")


def site(*names: str, rotation: int = 0) -> SiteInput:
    tokens = [{"name": name, "role": "Admin"} for name in names]
    return make_site({"gateway": {"apiTokens": tokens, "apiTokenRotation": rotation}})


def test_list_is_published_once_on_each_connection_and_when_it_changes() -> None:
    sessions = Sessions()
    publisher = ApiTokenPublisher(cast("BrokerSessions", sessions))
    publisher.publish(site("a"))
    sessions.current = BrokerState(connected=False, message="no route")
    publisher.publish(site("a"))
    assert sessions.sent == []
    sessions.connect()
    publisher.publish(site("a"))
    publisher.publish(site("a"))
    assert [(topic, retain) for topic, _, retain in sessions.sent] == [("edge/api-tokens", True)]
    publisher.publish(site("a", "b"))
    publisher.publish(site("a", "b", rotation=1))
    assert len({payload for _, payload, _ in sessions.sent}) == 3
    sessions.connect()
    publisher.publish(site("a", "b", rotation=1))
    assert len(sessions.sent) == 4, "the broker may have lost its retained messages"
    publisher.remove(("plant", "factory"))
    publisher.publish(site("a", "b", rotation=1))
    assert len(sessions.sent) == 5


def test_list_has_the_digests_of_the_tokens_in_the_secrets() -> None:
    spec = {"gateway": {"apiTokens": [{"name": "a", "role": "Admin"}, {"name": "b"}]}}
    found = children(spec)

    def value(name: str, key: str) -> str:
        return base64.b64decode(found["Secret", name]["data"][key]).decode()

    listed = ApiTokenList.parse(value("api-tokens", "tokens.json").encode())
    assert [(each.name, each.role, each.digest) for each in listed.tokens] == [
        ("api-token", ApiRole.OPERATE, token_digest(value("api-token", "token"))),
        ("a", ApiRole.ADMIN, token_digest(value("token-a", "token"))),
        ("b", ApiRole.READ, token_digest(value("token-b", "token"))),
    ]
    assert len({each.digest for each in listed.tokens}) == 3
