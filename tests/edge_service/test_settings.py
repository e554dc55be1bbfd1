"""Settings from the environment; a line for each that is wrong."""

import contextlib
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_service.address import BrokerAddress, http_url
from edge_service.program import WRONG_SETTINGS
from edge_service.setting import boolean, broker, duration, matching, number, one_of, setting, whole_number
from edge_service.settings import ServiceSettings, SettingsError


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    storage_url: str = setting("Of the store.", http_url)
    data_source: BrokerAddress = setting("The broker.", broker, default=BrokerAddress("localhost", 1883))
    sync_interval: float = setting("How often.", duration(1), default=300.0)
    kafka_password: str = setting("Secret.", matching(".{0,4}", "at most 4 characters"), default="")
    count: int = setting("How many.", whole_number(1), default=1, variable="HOW_MANY")
    level: float | None = setting("How much.", number(0, 1), default=None)
    mode: str = setting("How.", one_of("fast", "slow"), default="fast")
    careful: bool = setting("Whether to be careful.", boolean, default=True)

    def __post_init__(self) -> None:
        if self.mode == "slow" and not self.careful:
            raise ValueError("MODE: slow needs CAREFUL")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in fields(Settings):
        monkeypatch.delenv(each.name.upper(), raising=False)


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
        ("PORT", "http", "PORT: must be a whole number from 0 to 65535 (given: 'http')"),
        ("PORT", "70000", "PORT: must be a whole number from 0 to 65535 (given: '70000')"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: must be DEBUG, INFO, WARNING or ERROR (given: 'loud')"),
        ("SYNC_INTERVAL", "5 min", "SYNC_INTERVAL: must be a duration such as 300s, 1h30m or 250ms (given: '5 min')"),
        ("SYNC_INTERVAL", "0", "SYNC_INTERVAL: must be a duration of 1s or more (given: '0')"),
        ("MQTT_TOPIC_PREFIX", "a/#", "MQTT_TOPIC_PREFIX: must be the beginning of a topic"),
        (
            "STORAGE_URL",
            "store:8080",
            "STORAGE_URL: must be an address such as http://storage:8080 (given: 'store:8080')",
        ),
        ("STORAGE_URL", "", "STORAGE_URL: must be set"),
        ("HOW_MANY", "0", "HOW_MANY: must be a whole number of 1 or more (given: '0')"),
        ("LEVEL", "nan", "LEVEL: must be a number from 0 to 1 (given: 'nan')"),
        ("LEVEL", "1.5", "LEVEL: must be a number from 0 to 1 (given: '1.5')"),
        ("MODE", "quick", "MODE: must be fast or slow (given: 'quick')"),
        ("CAREFUL", "perhaps", "CAREFUL: must be true or false (given: 'perhaps')"),
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
    assert "HOW_MANY" in described


def test_a_setting_that_requires_another_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^MODE: slow needs CAREFUL$"):
        Settings.read({"STORAGE_URL": "http://s", "MODE": "slow", "CAREFUL": "no"})


def test_a_given_value_overrides_the_environment() -> None:
    settings = Settings.read({"STORAGE_URL": "http://s", "HOW_MANY": "2"}, count="3", level=None)

    assert settings.count == 3
    assert settings.level is None


@given(st.dictionaries(st.sampled_from([each.name.upper() for each in fields(Settings)] + ["HOW_MANY"]), st.text()))
def test_any_text_is_a_value_or_a_line(environment: dict[str, str]) -> None:
    with contextlib.suppress(SettingsError):
        Settings.read(environment)
