"""The console program."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.edge_service.process import ServiceProcess
from tests.support.child import HOST

pytestmark = pytest.mark.process


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge_gateway", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(("flag", "says"), [("--help", "API_TOKEN_FILE"), ("--version", "edge-gateway ")])
def test_help_and_version(flag: str, says: str) -> None:
    done = run(flag)
    assert done.returncode == 0
    assert says in done.stdout


def test_wrong_settings_are_named_all_at_once() -> None:
    done = run(MQTT_BROKER="broker", STORAGE_URL="store", PORT="x")
    assert done.returncode == 2
    assert [line.partition(":")[0] for line in sorted(done.stderr.splitlines())] == [
        "MQTT_BROKER",
        "PORT",
        "STORAGE_URL",
    ]


@pytest.mark.parametrize("name", ["PORT", "MQTT_PORT"])
def test_a_port_that_is_taken_is_named(name: str) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        ports = {"PORT": "0", "MQTT_PORT": "0", name: str(taken.getsockname()[1])}
        done = run(HOST=HOST, DEVICE_MQTT_BROKER="mqtt://127.0.0.1:1", **ports)
    assert done.returncode == 2
    assert name in done.stderr


def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    files = {"TLS_CERT_FILE": str(tmp_path / "none"), "TLS_KEY_FILE": str(tmp_path / "none")}
    done = run(HOST=HOST, PORT="0", HTTPS_PORT="0", **files)
    assert done.returncode == 2
    assert "TLS_CERT_FILE" in done.stderr


def test_it_ends_in_order_though_it_never_reached_anything(tmp_path: Path) -> None:
    gateway = ServiceProcess("edge_gateway", tmp_path, "alone", {"MQTT_BROKER": "mqtt://127.0.0.1:1"})
    gateway.start()
    try:
        while not gateway.log.exists() or "HTTP on port" not in gateway.log.read_text():
            assert gateway.process is not None
            assert gateway.process.poll() is None
    finally:
        assert gateway.stop() == 0
