"""Publishes the list of API tokens of every site to its broker, so that the gateway rejects a revoked token at once."""

from edge_operator.broker.session import BrokerState
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.secret.api_tokens import api_token_list
from edge_wire.topic_table import API_TOKENS


class ApiTokenPublisher:
    """Publishes each list once on each connection, and again when it changes.

    Args:
        sessions: the sessions with the brokers.
    """

    def __init__(self, sessions: BrokerSessions) -> None:
        self._sessions = sessions
        self._sent: dict[ResourceKey, tuple[BrokerState, bytes]] = {}

    def publish(self, site: SiteInput) -> None:
        """Publish the list of a site unless the broker has it; without a connection do nothing.

        The site is reconciled when its session connects.
        """
        key = site.namespace, site.name
        state = self._sessions.state(key)
        if state is None or not state.connected:
            return
        payload = api_token_list(site).encode()
        sent = self._sent.get(key)
        # Each connection has a state of its own: the broker may have lost its retained messages in between.
        if sent is not None and sent[0] is state and sent[1] == payload:
            return
        if self._sessions.send(key, API_TOKENS.pattern, payload, retain=True) is not None:
            self._sent[key] = state, payload

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        self._sent.pop(site, None)
