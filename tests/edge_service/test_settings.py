"""Settings from the environment; a line for each that is wrong."""

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from edge_service.address import BrokerAddress, BrokerUrl, HttpUrl
from edge_service.duration import Seconds
from edge_service.program import WRONG_SETTINGS
from edge_service.settings import ServiceSettings


class Settings(ServiceSettings):
    storage_url: HttpUrl
    """Of the store."""

    data_source: BrokerUrl = BrokerAddress("localhost", 1883)
    sync_interval: Annotated[Seconds, Field(ge=1)] = 300.0
    kafka_password: Annotated[str, Field(max_length=4)] = ""


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_what_the_operator_renders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {
        "EDGE_NAMESPACE": "plants",
        "EDGE_SITE": "berlin",
        "EDGE_LOCATION": "Berlin",
        "EDGE_CREDENTIALS_DIR": str(tmp_path),
        "PORT": "8081",
        "MQTT_TOPIC_PREFIX": "plants/berlin/",
        "STORAGE_URL": "http://berlin-storage:8080/",
        "DATA_SOURCE": "mqtt://berlin-mqtt-internal:1884",
        "SYNC_INTERVAL": "1m30s",
        "LOG_LEVEL": "debug",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    assert settings.edge_credentials_dir == tmp_path
    assert settings.storage_url == "http://berlin-storage:8080"
    assert settings.data_source == BrokerAddress("berlin-mqtt-internal", 1884)
    assert (settings.port, settings.sync_interval, settings.log_level) == (8081, 90.0, "DEBUG")


def test_empty_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_URL", "http://s")
    monkeypatch.setenv("EDGE_SITE", "")
    assert Settings.load().edge_site == "local"


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("PORT", "http", "PORT: Input should be a valid integer, unable to parse string as an integer (given: 'http')"),
        ("PORT", "70000", "PORT: Input should be less than or equal to 65535 (given: '70000')"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: must be DEBUG, INFO, WARNING or ERROR (given: 'loud')"),
        ("SYNC_INTERVAL", "5 min", "SYNC_INTERVAL: must be a duration such as 300s, 1h30m or 250ms (given: '5 min')"),
        ("SYNC_INTERVAL", "0", "SYNC_INTERVAL: Input should be greater than or equal to 1 (given: '0')"),
        ("MQTT_TOPIC_PREFIX", "a/#", "MQTT_TOPIC_PREFIX: must be the beginning of a topic"),
        (
            "STORAGE_URL",
            "store:8080",
            "STORAGE_URL: must be an address such as http://storage:8080 (given: 'store:8080')",
        ),
        ("STORAGE_URL", "", "STORAGE_URL: must be set"),
        ("DATA_SOURCE", "kafka://b", "DATA_SOURCE: must be an address such as mqtt://broker:1883"),
        ("KAFKA_PASSWORD", "hunter2", "(given: a value that is not shown)"),
        ("DATA_SOURCE", "mqtt://u:hunter2@b", "(given: 'mqtt://…@b')"),
    ],
)
def test_a_wrong_value_has_its_line(
    name: str, value: str, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORAGE_URL", "http://s")
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as raised:
        Settings.load()
    said = capsys.readouterr().err
    assert raised.value.code == WRONG_SETTINGS
    assert line in said
    assert "hunter2" not in said
    assert said.count("\n") == 1


def test_every_wrong_value_is_named_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("LOG_LEVEL", "x")
    with pytest.raises(SystemExit):
        Settings.load()
    assert {line.partition(":")[0] for line in capsys.readouterr().err.splitlines()} == {
        "PORT",
        "LOG_LEVEL",
        "STORAGE_URL",
    }


def test_the_help_names_every_variable() -> None:
    described = Settings.described()
    assert "STORAGE_URL" in described
    assert "Of the store. Must be set." in described
    assert "Default: 8080." in described
