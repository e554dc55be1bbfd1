"""Which devices there are, by their credentials."""

from pathlib import Path

import pytest

from edge_device.identity import identities
from edge_device.settings import settings_from
from edge_service.address import BrokerAddress
from edge_service.mqtt import Login
from edge_service.program import StartError


def write(directory: Path, username: str, **more: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in {"username": username, "password": "p", "url": "mqtt://gateway:1883", **more}.items():
        (directory / name).write_text(content)
    return directory


def test_the_secret_of_a_device(tmp_path: Path) -> None:
    write(tmp_path, "d1")
    (found,) = identities(settings_from(["--credentials", str(tmp_path)]))
    assert (found.device_id, found.broker, found.directory) == ("d1", BrokerAddress("gateway", 1883), tmp_path)


def test_the_secrets_of_a_fleet(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / f"secret-{number}", f"d{number}")
    (tmp_path / "something-else").mkdir()
    arguments = ["--credentials", str(tmp_path), "--count", "2", "--broker", "mqtts://b"]
    found = identities(settings_from(arguments))
    assert [(each.device_id, each.broker.tls) for each in found] == [("d0", True), ("d1", True)]


def test_a_file_of_logins(tmp_path: Path) -> None:
    path = tmp_path / "logins"
    path.write_text("d1:one\nd2:t:wo\n")
    found = identities(settings_from(["--logins", str(path), "--broker", "mqtt://b:1", "--count", "2"]))
    assert [each.login for each in found] == [Login("d1", "one"), Login("d2", "t:wo")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no credentials"),
        (["--credentials", "{here}/none"], "none cannot be read"),
        (["--credentials", "{here}/fleet", "--count", "2"], "credentials for 1 devices, not for 2"),
        (["--credentials", "{here}/no-url"], "give --broker"),
        (["--credentials", "{here}/no-name"], "username is empty"),
        (
            ["--logins", "{here}/bad", "--broker", "mqtt://b", "--count", "2"],
            "line 2 of .*bad must be deviceId:password",
        ),
        (["--logins", "{here}/bad"], "--logins needs --broker"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, arguments: list[str], said: str) -> None:
    write(tmp_path / "fleet" / "one", "d1")
    write(tmp_path / "no-url", "d1", url="nothing")
    write(tmp_path / "no-name", "")
    (tmp_path / "bad").write_text("d1:one\nd2\n")
    with pytest.raises(StartError, match=said):
        identities(settings_from([each.format(here=tmp_path) for each in arguments]))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--unit", "bar"], "UNIT: must be celsius or fahrenheit for the kind temperature"),
        (["--count", "0"], "COUNT: "),
        (["--rate", "-1"], "RATE: "),
        (["--interval", "5"], "INTERVAL: must be a duration"),
        (["--broker", "b"], "MQTT_BROKER: must be an address"),
    ],
)
def test_a_wrong_flag_is_named(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        settings_from(arguments)
    assert raised.value.code == 2
    assert said in capsys.readouterr().err


def test_flags_stand_above_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNT", "7")
    monkeypatch.setenv("RATE", "4")
    settings = settings_from(["--count", "3"])
    assert (settings.count, settings.pause) == (3, 0.25)
