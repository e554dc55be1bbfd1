"""Settings, flags and the end of the program."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from edge_broker_agent.settings import AgentSettings
from edge_service.program import release
from tests.edge_service.process import ServiceProcess
from tests.support.processes import eventually

pytestmark = pytest.mark.process


def test_without_an_environment_it_is_as_in_a_pod() -> None:
    settings = AgentSettings.read({"TLS_SECRET": ""})
    assert settings.auth_dir == Path("/mosquitto/data/auth")
    assert str(settings.mqtt_broker) == "mqtt://localhost:1884"
    assert settings.index == "local-mqtt-auth"
    assert settings.start_patience == 5.0
    assert settings.log_level == "INFO"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "65536", "65535"),
        ("PORT", "http", "whole number"),
        ("MQTT_BROKER", "http://localhost", "mqtt://"),
        ("START_PATIENCE", "5", "300s"),
        ("BATCH_INTERVAL", "-1s", "duration"),
        ("MOSQUITTO_LOG_MAX_BYTES", "1Gi", "whole number"),
        ("KUBERNETES_SERVICE_PORT", "tcp://10.0.0.1:443", "whole number"),
        ("LOG_LEVEL", "loud", "DEBUG"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_right(name: str, value: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: ") as caught:
        AgentSettings.read({name: value})
    assert said in str(caught.value)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge_broker_agent", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)


def test_all_wrong_values_are_printed_at_once_and_it_ends_with_2() -> None:
    done = run(PORT="x", LOG_LEVEL="y")
    assert done.returncode == 2
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["PORT", "LOG_LEVEL"]


def test_help_names_every_setting_and_version_the_release() -> None:
    said = run("--help").stdout
    assert all(f"{name.upper()} " in said for name in (each.name for each in fields(AgentSettings)))
    assert run("--version").stdout == f"edge-broker-agent {release()}\n"


def test_a_directory_that_cannot_be_written_is_named_and_it_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run(HOST="127.0.0.1", PORT="0", AUTH_DIR=str(tmp_path / "file" / "auth"), PROC_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "AUTH_DIR" in done.stderr


def test_it_ends_in_order_and_answers_while_it_runs(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    settings = {
        "AUTH_DIR": str(tmp_path / "auth"),
        "PROC_DIR": str(tmp_path / "proc"),
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": "9",
    }
    agent = ServiceProcess("edge_broker_agent", tmp_path, "agent", settings).start()
    eventually("it answers", lambda: agent.get("/health")[0] == 200)
    assert agent.get("/nothing")[0] == 404
    assert agent.metric("edge_build_info") == 1
    assert agent.stop() == 0
