"""A broker, a store and gateways for the tests of a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_operator.api.broker import BrokerClient
from tests.edge_gateway.gateways import Gateway, Gateways
from tests.edge_processor.site import Site
from tests.support.mosquitto import MosquittoFactory

DEVICES = [f"d{number}" for number in range(1, 21)]
CLIENTS = [BrokerClient(name="scada", subscribe=["cloud/sensors/#", "alerts/+"], publish=["line/+/set"])]


def _site(factory: MosquittoFactory, directory: Path) -> Site:
    site = Site(factory.launched(devices=DEVICES, clients=CLIENTS), directory)
    # It starts beside the broker and the first gateway, which is not ready before it.
    site.store.start()
    site.broker.await_answer()
    return site


@pytest.fixture(scope="module")
def site(module_mosquitto: MosquittoFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A broker and a store that run, for the tests of a module."""
    made = _site(module_mosquitto, tmp_path_factory.mktemp("site"))
    yield made
    made.end()


@pytest.fixture(scope="module")
def gateways(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateways]:
    """Makes gateways of the module's site."""
    made = Gateways(site, tmp_path_factory.mktemp("gateways"))
    yield made
    made.end()


@pytest.fixture(scope="module")
def gateway(gateways: Gateways) -> Gateway:
    """A gateway that runs."""
    return gateways()


@pytest.fixture
def own_site(mosquitto: MosquittoFactory, tmp_path: Path) -> Iterator[Site]:
    """A broker and a store that run, for a test that ends them."""
    made = _site(mosquitto, tmp_path)
    yield made
    made.end()


@pytest.fixture
def own_gateways(own_site: Site, tmp_path: Path) -> Iterator[Gateways]:
    """Makes gateways of the test's site."""
    made = Gateways(own_site, tmp_path)
    yield made
    made.end()
