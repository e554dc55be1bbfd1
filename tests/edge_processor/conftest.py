"""A site for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_operator.api.broker import BrokerClient
from tests.edge_processor.site import Site
from tests.support.mosquitto import MosquittoFactory

DEVICES = [f"d{number}" for number in range(1, 21)]
CLIENTS = [
    # The broker's fixture asks in the name of the first whether the broker answers: that ends a durable session.
    BrokerClient(name="asked", subscribe=["alerts/+"]),
    BrokerClient(name="scada", subscribe=["cloud/sensors/#", "alerts/+"]),
]


@pytest.fixture
def site(mosquitto: MosquittoFactory, tmp_path: Path) -> Iterator[Site]:
    """A broker and a store that start; processors and devices as the test wants."""
    made = _site(mosquitto, tmp_path)
    yield made
    made.end()


@pytest.fixture(scope="module")
def module_site(module_mosquitto: MosquittoFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site for the tests of a module that each have a device of their own."""
    made = _site(module_mosquitto, tmp_path_factory.mktemp("site"))
    yield made
    made.end()


def _site(factory: MosquittoFactory, directory: Path) -> Site:
    made = Site(factory.launched(devices=DEVICES, clients=CLIENTS), directory)
    # It starts beside the broker and the first processor, which is not ready before it.
    made.store.start()
    made.broker.await_answer()
    return made
