"""Keeps the operator's session with a site's broker where the site's spec says that the broker is."""

import base64
import logging
from collections.abc import Mapping
from typing import Any

from edge_operator.api.broker import ExternalBroker
from edge_operator.broker.endpoint import BrokerAddress, Endpoint, Login
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.cluster.objects import Objects
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.desired import ports
from edge_operator.desired.connections import broker_url, external_broker, topic_prefix
from edge_operator.desired.inputs import Site
from edge_operator.desired.kinds import SECRET
from edge_operator.desired.metadata import child_name
from edge_operator.identity.logins import OPERATOR, component_login
from edge_operator.status.facts import BrokerFacts

from .drops import BrokerDrops

logger = logging.getLogger(__name__)


class LoginUnusableError(Exception):
    """What the spec names to log in with is missing or cannot be used; the message says what to do."""


class BrokerLink:
    """Says where each site's broker is, and as whom the operator logs in there.

    Args:
        sessions: what is kept up.
        objects: the API server, for the Secrets of external brokers.
        elsewhere: where an operator outside the cluster finds the brokers of some sites.
        drops: what the brokers have dropped.
    """

    def __init__(
        self,
        sessions: BrokerSessions,
        objects: Objects,
        elsewhere: Mapping[ResourceKey, BrokerAddress],
        drops: BrokerDrops,
    ) -> None:
        self._sessions = sessions
        self._objects = objects
        self._elsewhere = elsewhere
        self._drops = drops

    async def follow(self, site: Site, *, ready: bool, dropping: bool = False) -> BrokerFacts | None:
        """Have a session with the site's broker, and return how the way to it is; None while nothing is known.

        Args:
            site: the site.
            ready: whether a pod of the broker is; one that is seen from here is looked for seldom until it is.
            dropping: whether the site's status says that the broker drops messages.

        Raises:
            ApiError: the API server refused to tell the Secret of an external broker.
            UnreachableError: it did not answer.
        """
        key = site.namespace, site.name
        try:
            endpoint = await self._endpoint(site)
        except LoginUnusableError as error:
            self._sessions.leave(key)
            return BrokerFacts(connected=False, unusable=True, message=str(error))
        if not endpoint.is_ours:
            self._drops.remove(key)
        elif dropping:
            self._drops.take_over(key)
        self._sessions.follow(key, endpoint)
        self._sessions.expect(key, there=ready or external_broker(site) is not None or key in self._elsewhere)
        state = self._sessions.state(key)
        if state is None:
            return None
        return BrokerFacts(
            state.connected,
            state.message,
            refused=state.refused,
            untrusted=state.untrusted,
            dropping_seconds=self._drops.remaining(key),
        )

    def leave(self, site: ResourceKey) -> None:
        """Close the session with the broker of a site that is gone."""
        self._sessions.leave(site, is_gone=True)
        self._drops.remove(site)

    async def _endpoint(self, site: Site) -> Endpoint:
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

    async def _login(self, site: Site, external: ExternalBroker) -> Login:
        username = password = authorities = None
        if external.credentials_secret_ref is not None:
            data = await self._secret(site, external.credentials_secret_ref.name)
            username, password = data("username"), data("password")
        if external.ca_secret_ref is not None:
            authorities = (await self._secret(site, external.ca_secret_ref.name))("ca.crt")
        return Login(username, password, authorities_pem=authorities)

    async def _secret(self, site: Site, name: str) -> "_Content":
        found = await self._objects.get(SECRET, site.namespace, name)
        if found is None:
            raise LoginUnusableError(
                f"Secret {site.namespace}/{name}, named in broker.external, does not exist: create it"
            )
        return _Content(f"Secret {site.namespace}/{name}", found.get("data") or {})


class _Content:
    """The text behind the keys of a Secret."""

    def __init__(self, where: str, data: Mapping[str, Any]) -> None:
        self._where = where
        self._data = data

    def __call__(self, key: str) -> str:
        """Return what stands under `key`.

        Raises:
            LoginUnusableError: nothing does, or no text.
        """
        if key not in self._data:
            raise LoginUnusableError(f"the {self._where} has no key {key}: add it")
        try:
            return base64.b64decode(self._data[key]).decode().strip()
        except ValueError as error:
            raise LoginUnusableError(f"the key {key} of the {self._where} is not text: correct it") from error
