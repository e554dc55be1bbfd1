"""docs/clients.md: the Python client works with a real broker, and the flows of other programs keep to their rights.

tests/node/test_pages.py runs every command of the page on a real node.
"""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.cluster.keeper import Keeper
from edge_operator.api.broker import BrokerClient
from edge_operator.identity import logins
from tests.support.mosquitto import HOST, Mosquitto, MosquittoFactory
from tests.support.processes import eventually
from tests.support.sources import ROOT

PAGE = (ROOT / "docs/clients.md").read_text()
CLIENTS = ROOT / "examples/clients"
DEVICE = "press-9"


def blocks(language: str) -> list[str]:
    """Return the blocks of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def page_clients() -> dict[str, BrokerClient]:
    """Return the clients of the page's spec by their names."""
    (block,) = blocks("yaml")
    found = yaml.safe_load(block)["spec"]["broker"]["managed"]["clients"]
    return {each["name"]: BrokerClient.model_validate(each) for each in found}


@pytest.fixture
def broker(mosquitto: MosquittoFactory) -> Mosquitto:
    return mosquitto([DEVICE], [*page_clients().values()])


@pytest.fixture
def device(broker: Mosquitto, tmp_path: Path) -> Iterator[Keeper]:
    login = broker.credentials(DEVICE)
    keeper = Keeper(tmp_path / "device", tied=True)
    (tmp_path / "device").mkdir()
    arguments = [HOST, str(broker.layout.mqtts), DEVICE, broker.passwords[DEVICE], str(login / "ca.crt")]
    keeper.start("device", [sys.executable, str(CLIENTS / "device.py"), *arguments])
    yield keeper
    keeper.end("device", grace=1.0)


def one_message(broker: Mosquitto, username: str, topic: str) -> str:
    """Return the next message of a topic."""
    command = [str(broker.programs / "mosquitto_sub"), *broker.arguments(username, "reader"), "-t", topic]
    done = subprocess.run([*command, "-C", "1", "-W", "30"], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


@pytest.mark.process
def test_the_python_device_publishes_and_acknowledges(broker: Mosquitto, device: Keeper) -> None:
    first = json.loads(one_message(broker, logins.PROCESSOR, f"devices/{DEVICE}/data"))
    second = json.loads(one_message(broker, logins.PROCESSOR, f"devices/{DEVICE}/data"))
    assert first["session"] == second["session"]
    assert first["seq"] < second["seq"]
    assert one_message(broker, logins.OPERATOR, f"devices/{DEVICE}/status") == "online"
    answers = [str(broker.programs / "mosquitto_sub"), *broker.arguments(logins.GATEWAY, "answers")]
    with subprocess.Popen(
        [*answers, "-t", f"devices/{DEVICE}/command/ack", "-C", "1", "-W", "30"], stdout=subprocess.PIPE, text=True
    ) as waiting:
        publish = [str(broker.programs / "mosquitto_pub"), *broker.arguments(logins.GATEWAY, "sender"), "-q", "1"]
        message = json.dumps({"command_id": "c1", "command": "open"})

        def is_answered() -> bool:
            # The subscription of `waiting` may not be there yet.
            subprocess.run([*publish, "-t", f"devices/{DEVICE}/command", "-m", message], check=True, timeout=60)
            return waiting.poll() is not None

        eventually("an answer", is_answered, 30, pause=0.5)
        assert waiting.stdout is not None
        answer = json.loads(waiting.stdout.read())
    assert answer == {"command_id": "c1", "status": "ok", "result": {"done": True}}


@pytest.mark.process
def test_the_will_of_the_python_device_is_offline(broker: Mosquitto, device: Keeper) -> None:
    one_message(broker, logins.PROCESSOR, f"devices/{DEVICE}/data")
    device.end("device", grace=0.0)
    eventually(
        "its will", lambda: broker.retained(f"devices/{DEVICE}/status") == {f"devices/{DEVICE}/status": b"offline"}
    )


def test_telegraf_subscribes_to_what_its_login_may_read() -> None:
    config = tomllib.loads((CLIENTS / "telegraf.conf").read_text())
    (source,) = config["inputs"]["mqtt_consumer"]
    assert _within(source["topics"], page_clients()["telegraf"].subscribe)
    assert source["persistent_session"]


def test_node_red_keeps_to_its_login() -> None:
    nodes: list[dict[str, Any]] = json.loads((CLIENTS / "node-red.json").read_text())
    by_id = {node["id"]: node for node in nodes}
    assert len(by_id) == len(nodes)
    login = page_clients()["node-red"]
    for kind, allowed in (("mqtt in", login.subscribe), ("mqtt out", login.publish)):
        found = [node for node in nodes if node["type"] == kind]
        assert found
        assert _within([node["topic"] for node in found], allowed)
        assert {by_id[node["broker"]]["type"] for node in found} == {"mqtt-broker"}
    assert {target for node in nodes for wires in node.get("wires", ()) for target in wires} <= by_id.keys()


def _within(topics: list[str], allowed: list[str] | None) -> bool:
    """Whether each topic is one of the allowed ones, or one level below one that ends with `#`."""
    return all(any(topic in (each, each.removesuffix("#") + "+") for each in allowed or ()) for topic in topics)


def test_the_variables_of_the_page_are_those_of_the_files() -> None:
    for name in ("telegraf.conf", "node-red.json"):
        used = set(re.findall(r"\$\{(MQTT_[A-Z]+)\}", (CLIENTS / name).read_text()))
        command = next(block for block in blocks("sh") if name.partition(".")[0] in block)
        assert used == set(re.findall(r"(MQTT_[A-Z]+)=", command))
