"""The brokers that tests get: they keep their data, they can be killed, and they never outlive a test."""

import asyncio
import subprocess
import sys
from pathlib import Path

from e2e.cluster.checkout import ROOT
from e2e.cluster.processes import Process
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions, MqttSession
from tests.support.mosquitto import Mosquitto, MosquittoFactory
from tests.support.processes import eventually

TOPIC = "edge/roster/d1"
SECONDS = 10.0
MANY = 10_000


def publish_retained(broker: Mosquitto, payload: str) -> None:
    command = [str(broker.programs / "mosquitto_pub"), *broker.arguments("~operator"), "-t", TOPIC, "-m", payload]
    subprocess.run([*command, "-q", "1", "-r"], timeout=SECONDS, check=True)


def retained(broker: Mosquitto) -> str:
    return broker.retained(TOPIC, "~gateway").get(TOPIC, b"").decode()


def test_a_stopped_broker_comes_back_with_its_data(mosquitto: MosquittoFactory) -> None:
    broker = mosquitto()
    publish_retained(broker, "kept")
    broker.stop()
    assert not broker.alive
    broker.start()
    assert retained(broker) == "kept"


def test_a_killed_broker_has_what_it_had_saved(mosquitto: MosquittoFactory) -> None:
    broker = mosquitto(["d1"])
    publish_retained(broker, "saved")
    broker.save()
    saved = Path(broker.layout.data_dir) / "mosquitto.db"
    eventually("the data are saved", lambda: saved.exists() and b"saved" in saved.read_bytes(), SECONDS)
    publish_retained(broker, "lost")
    broker.kill()
    assert not broker.alive
    broker.start()
    assert retained(broker) == "saved"


def test_two_brokers_do_not_meet(mosquitto: MosquittoFactory) -> None:
    one, other = mosquitto(), mosquitto()
    publish_retained(one, "here")
    assert (retained(one), retained(other)) == ("here", "")


async def test_all_that_is_retained_is_read_and_nothing_else(mosquitto: MosquittoFactory) -> None:
    """In a time that no reader waits out: the broker says when it has sent all, also of very much."""
    broker = mosquitto(["d1"])
    options = MqttOptions(BrokerAddress.parse(broker.components_url), "puts", broker.credentials("~operator"))
    wanted = {f"edge/roster/d{number}": b"x" * 100 + str(number).encode() for number in range(MANY)}
    async with MqttSession(options) as session:
        async with asyncio.timeout(60):
            await session.connected.wait()
            await asyncio.gather(*(session.send(*each, retain=True) for each in wanted.items()))
            await session.publish("devices/d1/status", b"not below the filter", retain=True)
            assert await asyncio.to_thread(broker.retained, "edge/roster/+") == wanted
    assert broker.retained("edge/roster/none") == {}
    assert broker.retained("edge/roster/d1", "d1") == {}, "who may not read it does not get it"


def test_credentials_are_laid_out_as_a_pod_gets_them(mosquitto: MosquittoFactory) -> None:
    broker = mosquitto(["d1"])
    place = broker.credentials("d1")
    assert (place / "username").read_text() == "d1"
    assert (place / "password").read_text() == broker.passwords["d1"]


SCRIPT = """
import sys
from pathlib import Path
from tests.support.mosquitto import MosquittoFactory
broker = MosquittoFactory(Path(sys.argv[1]), Path(sys.argv[2]))()
print(broker.directory, flush=True)
sys.stdin.read()
"""


def test_a_broker_dies_with_a_killed_test_run(mosquitto_programs: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(mosquitto_programs), str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        directory = Path(run.stdout.readline().strip())
        broker = Process.read(directory / "run" / "mosquitto.pid")
        assert broker is not None
        assert broker.alive
        run.kill()
    eventually("the broker is gone", lambda: not broker.alive, SECONDS)
