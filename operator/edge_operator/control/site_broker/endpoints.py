"""Connects the operator to the broker that a site's spec defines."""

import logging
from collections.abc import Mapping
from typing import Any

from edge_operator.api.broker import ExternalBroker
from edge_operator.broker.endpoint import BrokerAddress, Endpoint, Login
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.desired import ports
from edge_operator.desired.connections import broker_url, external_broker, external_login, topic_prefix
from edge_operator.desired.encoding import secret_text
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.kinds import SECRET
from edge_operator.desired.metadata import child_name
from edge_operator.identity.logins import OPERATOR, component_login
from edge_operator.identity.secret_use import SecretUse
from edge_operator.status.facts import BrokerFacts

logger = logging.getLogger(__name__)


class LoginUnusableError(Exception):
    """The login in the spec is missing or invalid; the message contains the next step."""


class BrokerEndpoints:
    """Resolves the endpoint and the login of each site's broker, and keeps a session with it.

    Args:
        sessions: the sessions with the brokers.
        objects: client for single objects, for the Secrets of external brokers.
        elsewhere: addresses of some brokers, for an operator outside the cluster.
        use: the rule which Secrets may be used.
    """

    def __init__(
        self,
        sessions: BrokerSessions,
        objects: ObjectClient,
        elsewhere: Mapping[ResourceKey, BrokerAddress],
        use: SecretUse,
    ) -> None:
        self._sessions = sessions
        self._objects = objects
        self._elsewhere = elsewhere
        self._use = use

    async def resolve(self, site: SiteInput) -> Endpoint:
        """Return address and login of the site's broker.

        Raises:
            LoginUnusableError: the login in the spec of the site is missing or invalid.
            ApiError: the API server rejected the read of the Secret of an external broker.
            UnreachableError: the API server did not respond.
        """
        external = external_broker(site)
        elsewhere = self._elsewhere.get((site.namespace, site.name))
        if external is None:
            inside = f"{child_name(site, 'mqtt-internal')}.{site.namespace}.svc"
            login = component_login(site.root, OPERATOR)
            address = elsewhere or BrokerAddress(inside, ports.MQTT_COMPONENTS)
            mine = Login(login.username, login.password)
            return Endpoint(address, mine, site_uid=site.uid, is_ours=True)
        try:
            address = elsewhere or BrokerAddress.parse(broker_url(site))
        except ValueError as error:
            raise LoginUnusableError(f"broker.external.url {error}") from error
        return Endpoint(address, await self._login(site, external), topic_prefix(site), site.uid)

    def connect(self, site: ResourceKey, endpoint: Endpoint | None, *, ready: bool) -> None:
        """Keep a session with the site's broker.

        Args:
            site: the site.
            endpoint: address and login of its broker; None closes the session.
            ready: whether a pod of the broker is ready; until then connection attempts are rare.
        """
        if endpoint is None:
            self._sessions.close(site)
            return
        self._sessions.ensure(site, endpoint)
        self._sessions.expect(site, available=ready or not endpoint.is_ours or site in self._elsewhere)

    def facts(self, site: ResourceKey) -> BrokerFacts | None:
        """Return the state of the session with the site's broker; None before the first attempt has ended."""
        state = self._sessions.state(site)
        if state is None:
            return None
        return BrokerFacts(
            state.connected,
            state.message,
            refused=state.refused,
            untrusted=state.untrusted,
            contended=state.contended,
        )

    def disconnect(self, site: ResourceKey) -> None:
        """Close the session with the broker of a deleted site."""
        self._sessions.close(site, site_deleted=True)

    async def _login(self, site: SiteInput, external: ExternalBroker) -> Login:
        username = password = authorities = None
        if (reference := external_login(external, "operator")) is not None:
            found = await self._secret(site, reference.name)
            username, password = _text(found, "username"), _text(found, "password")
        if external.ca_secret_ref is not None:
            authorities = _text(await self._secret(site, external.ca_secret_ref.name), "ca.crt")
        return Login(username, password, authorities_pem=authorities)

    async def _secret(self, site: SiteInput, name: str) -> Mapping[str, Any]:
        found = await self._objects.get(SECRET, site.namespace, name)
        named = f"the Secret {name}, named in spec.broker.external,"
        if (problem := self._use.problem(named, site.namespace, name, found)) is not None:
            raise LoginUnusableError(problem)
        return found or {}


def _text(secret: Mapping[str, Any], key: str) -> str:
    """Return the text of a key in a Secret of the user, without blanks around it.

    Raises:
        LoginUnusableError: the key is missing or its value is not text.
    """
    metadata = secret["metadata"]
    where = f"Secret {metadata['namespace']}/{metadata['name']}"
    try:
        text = secret_text(secret, key)
    except ValueError as error:
        raise LoginUnusableError(f"the key {key} of the {where} is not text: correct it") from error
    if text is None:
        raise LoginUnusableError(f"the {where} has no key {key}: add it")
    return text.strip()
