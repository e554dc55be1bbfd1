"""The agent beside a real Mosquitto with a damaged database: checked before its start, reported after it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from e2e.cluster.ports import free_ports
from e2e.cluster.processes import Process
from edge_operator.identity.logins import BROKER_AGENT, OPERATOR, PROCESSOR
from edge_wire.messages import BrokerBoot, DataLost
from edge_wire.topics import BROKER_BOOT
from tests.edge_broker_agent.database.samples import checked
from tests.edge_service.process import ServiceProcess
from tests.support.mosquitto import HOST, Mosquitto, MosquittoFactory
from tests.support.processes import eventually

pytestmark = pytest.mark.process


class Pod:
    """The broker's pod while the API server cannot be reached: Mosquitto has logins, and nothing has been started."""

    def __init__(self, broker: Mosquitto, directory: Path) -> None:
        self.broker, self._proc = broker, directory / "proc"
        self.database = Path(broker.layout.data_dir) / "mosquitto.db"
        durable = ("-c", "-x", "3600", "-E", "-q", "1", "-t", "devices/+/data")
        command = [str(broker.programs / "mosquitto_sub"), *broker.arguments(PROCESSOR), *durable]
        subprocess.run(command, check=True, timeout=30)
        broker.stop()
        self._proc.mkdir()
        for name in ("self", "sys"):
            (self._proc / name).symlink_to(f"/proc/{name}")
        account = directory / "account"
        account.mkdir()
        (account / "token").write_text("none")
        (account / "ca.crt").write_text(broker.authority)
        (nobody,) = free_ports(1)
        environment = {
            "EDGE_CREDENTIALS_DIR": str(broker.credentials(BROKER_AGENT)),
            "MQTT_BROKER": broker.components_url,
            "AUTH_DIR": broker.layout.auth_dir,
            "MOSQUITTO_DATABASE": str(self.database),
            "MOSQUITTO_LOG": str(broker.log),
            "PROC_DIR": str(self._proc),
            "SERVICE_ACCOUNT_DIR": str(account),
            "KUBERNETES_SERVICE_HOST": HOST,
            "KUBERNETES_SERVICE_PORT": str(nobody),
            "START_PATIENCE": "100ms",
        }
        self.agent = ServiceProcess("edge_broker_agent", directory, "agent", environment)

    def start(self) -> None:
        """Start the agent and, when it is ready, Mosquitto."""
        self.agent.start().await_ready()
        self.start_broker()

    def start_broker(self) -> None:
        """Start Mosquitto, and let the agent see its process."""
        self.broker.start()
        found = Process.read(self.broker.directory / "run" / "mosquitto.pid")
        assert found is not None
        link = self._proc / str(found.pid)
        link.symlink_to(f"/proc/{found.pid}")

    def boot(self) -> BrokerBoot:
        """Return the retained boot message, when there is one of the present start."""

        def received() -> Any:
            payload = self.broker.retained(BROKER_BOOT, OPERATOR).get(BROKER_BOOT, b"{}")
            return payload if str(json.loads(payload).get("boot")) in self._boots()[-1:] else None

        return BrokerBoot.parse(eventually("the boot of this start is told", received))

    def _boots(self) -> list[str]:
        return [line.rpartition("boot ")[2] for line in self.agent.messages() if line.startswith("Mosquitto started")]


@pytest.fixture
def pod(mosquitto: MosquittoFactory, tmp_path: Path) -> Any:
    made = Pod(mosquitto(), tmp_path)
    yield made
    made.agent.kill()


def test_intact_database_is_no_news(pod: Pod) -> None:
    before = pod.database.read_bytes()
    pod.agent.start().await_ready()
    assert pod.database.read_bytes() == before
    pod.start_broker()
    assert pod.boot().data_lost is None
    assert pod.agent.metric("edge_broker_database_damaged_total") == 0


def test_damaged_database_is_replaced_before_the_start_and_the_loss_is_reported(pod: Pod) -> None:
    pod.agent.start().await_ready()
    pod.agent.kill()
    pod.database.write_bytes(bytes(pod.database.stat().st_size))
    pod.start()
    loss = pod.boot().data_lost
    assert loss is not None
    assert "does not begin as a database" in loss.reason
    assert (pod.database.parent / loss.kept).exists()
    assert pod.agent.metric("edge_broker_database_damaged_total") == 1
    pod.broker.stop()
    assert b"~processor" in pod.database.read_bytes(), "the session of the copy"
    checked(pod.database.read_bytes())


def waits(pod: Pod) -> Any:
    """Return what the agent waits for; nothing if it does not answer."""
    status, body = pod.agent.get("/ready")
    return json.loads(body).get("waiting_for") if status else None


def test_mosquitto_waits_for_the_check(pod: Pod) -> None:
    pod.database.unlink()
    # Reading it takes until somebody has written to it.
    os.mkfifo(pod.database)
    pod.agent.start()
    said = "the check of Mosquitto's database"
    eventually("it waits for the check alone", lambda: waits(pod) == [said])
    assert pod.agent.get("/ready")[0] == 503


def test_damage_is_found_when_mosquitto_ends_within_the_pod(pod: Pod) -> None:
    pod.start()
    assert pod.boot().data_lost is None
    # The file of the last save goes bad while Mosquitto runs, which does not read it again.
    os.truncate(pod.database, pod.database.stat().st_size - 20)
    pod.broker.kill()
    eventually("it is found", lambda: pod.agent.metric("edge_broker_database_damaged_total") == 1)
    eventually("it is replaced", lambda: checked(pod.database.read_bytes()))
    pod.start_broker()
    loss = pod.boot().data_lost
    assert loss is not None
    assert "ends within" in loss.reason


def test_loss_is_reported_by_another_agent_and_after_another_start(pod: Pod) -> None:
    pod.database.write_bytes(b"")
    pod.start()
    first = pod.boot()
    assert first.data_lost is not None
    pod.agent.kill()
    pod.agent.start().await_ready()
    eventually("it is there", lambda: any("Mosquitto started" in line for line in pod.agent.messages()[-20:]))
    assert pod.boot() == first
    pod.broker.stop()
    pod.start_broker()
    eventually("another start", lambda: pod.boot().boot != first.boot)
    assert pod.boot().data_lost == first.data_lost


def test_loss_of_yesterday_is_reported_no_more(pod: Pod) -> None:
    note = pod.database.with_name("mosquitto.db.loss")
    yesterday = {"reason": "cut off", "found": "2026-01-01T00:00:00.000Z", "kept": ""}
    assert DataLost.from_fields(yesterday) is not None
    note.write_text(json.dumps(yesterday))
    pod.start()
    assert pod.boot().data_lost is None
    assert not note.exists()
