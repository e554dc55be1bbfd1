"""When the session with a site's broker is replaced, and how often a broker is tried."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import pytest

from edge_operator.broker.endpoint import BrokerAddress, Endpoint, Login, SiteKey
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.site_broker.endpoints import BrokerEndpoints, LoginUnusableError
from edge_operator.desired.encoding import secret_data
from edge_operator.identity.secret_use import SecretUse
from tests.edge_operator.desired.sites import EXTERNAL, make_site


class Watched(BrokerSessions):
    """Sessions that remember what was said of them."""

    def __init__(self) -> None:
        super().__init__("edge-operator-test")
        self.expected: list[bool] = []
        self.endpoints: list[Endpoint] = []

    def ensure(self, site: SiteKey, endpoint: Endpoint) -> None:
        self.endpoints.append(endpoint)
        super().ensure(site, endpoint)

    def expect(self, site: SiteKey, *, available: bool) -> None:
        self.expected.append(available)
        super().expect(site, available=available)


@pytest.fixture
async def sessions() -> AsyncIterator[Watched]:
    sessions = Watched()
    yield sessions
    sessions.close_all()
    await sessions.wait_closed()


@pytest.mark.parametrize(
    ("spec", "elsewhere", "ready", "there"),
    [
        pytest.param({}, False, False, False, id="its pod is not ready"),
        pytest.param({}, False, True, True, id="its pod is ready"),
        pytest.param({}, True, False, True, id="it is told where it is"),
        pytest.param(EXTERNAL, False, False, True, id="it is the user's"),
    ],
)
async def test_only_a_broker_without_a_ready_pod_is_looked_for_seldom(
    sessions: Watched, spec: dict[str, Any], *, elsewhere: bool, ready: bool, there: bool
) -> None:
    described = make_site(spec and {"broker": spec})
    key = described.namespace, described.name
    told = {key: BrokerAddress("127.0.0.1", 1)} if elsewhere else {}
    link = BrokerEndpoints(sessions, cast("ObjectClient", None), told, SecretUse())
    link.connect(key, await link.resolve(described), ready=ready)
    assert sessions.expected == [there]


async def test_recreated_site_has_its_own_session(sessions: Watched) -> None:
    described = make_site()
    link = BrokerEndpoints(
        sessions,
        cast("ObjectClient", None),
        {(described.namespace, described.name): BrokerAddress("h", 1)},
        SecretUse(),
    )
    for site in (described, described, replace(described, uid="anew")):
        link.connect((site.namespace, site.name), await link.resolve(site), ready=False)
    first, again, anew = sessions.endpoints
    assert first == again
    assert anew != first, "an external broker outlives its site: the same session would never be told of again"


class Secrets:
    """The Secrets that the user gives for an external broker, as the API server has them."""

    def __init__(self, *, label: str = "true", **data: dict[str, str | bytes]) -> None:
        self._data = data
        self._labels = {"edge-stack.io/use": label}

    async def get(self, _kind: object, namespace: str, name: str) -> dict[str, Any] | None:
        if name not in self._data:
            return None
        metadata = {"namespace": namespace, "name": name, "labels": self._labels}
        return {"metadata": metadata, "data": secret_data(self._data[name])}


LOGIN: dict[str, str | bytes] = {"username": "site\n", "password": " secret "}
CA: dict[str, str | bytes] = {"ca.crt": "PEM\n"}
OWN = {
    "type": "External",
    "external": {
        "url": "mqtts://mqtt.example.com",
        "credentialsSecretRef": {"name": "login"},
        "caSecretRef": {"name": "ca"},
    },
}


async def resolve(sessions: Watched, secrets: Secrets) -> Endpoint:
    endpoints = BrokerEndpoints(sessions, cast("ObjectClient", secrets), {}, SecretUse())
    return await endpoints.resolve(make_site({"broker": OWN}))


async def test_login_of_the_user_without_blanks_around_it(sessions: Watched) -> None:
    endpoint = await resolve(sessions, Secrets(login=LOGIN, ca=CA))
    assert endpoint.login == Login("site", "secret", authorities_pem="PEM")


@pytest.mark.parametrize(
    ("secrets", "message"),
    [
        pytest.param(
            Secrets(ca=CA),
            "the Secret login, named in spec.broker.external, does not exist: create it, then run kubectl label secret"
            " login edge-stack.io/use=true",
            id="no Secret",
        ),
        pytest.param(
            Secrets(label="false", login=LOGIN, ca=CA),
            'the Secret login, named in spec.broker.external, does not have the label edge-stack.io/use: "true": run'
            " kubectl label secret login edge-stack.io/use=true",
            id="no label",
        ),
        pytest.param(
            Secrets(login={"username": "u"}, ca=CA), "the Secret {}/login has no key password: add it", id="no key"
        ),
        pytest.param(
            Secrets(login=LOGIN, ca={"ca.crt": b"\xff"}),
            "the key ca.crt of the Secret {}/ca is not text: correct it",
            id="no text",
        ),
    ],
)
async def test_login_that_is_unusable_is_named(sessions: Watched, secrets: Secrets, message: str) -> None:
    with pytest.raises(LoginUnusableError) as raised:
        await resolve(sessions, secrets)
    assert str(raised.value) == message.format(make_site().namespace)
