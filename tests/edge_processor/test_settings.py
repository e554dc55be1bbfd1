"""The processor's settings."""

import pytest

from edge_processor.settings import ProcessorSettings

NAMES = ("LEASE_SECONDS", "DRAIN_SECONDS", "BATCH_MESSAGES")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_what_holds_where_nothing_is_set() -> None:
    settings = ProcessorSettings.load()
    assert (settings.lease_seconds, settings.drain_seconds, settings.batch_messages) == (2.0, 10.0, 500)


@pytest.mark.parametrize("missing", ["CLOUD_ENDPOINT", "GATEWAY_URL", "GATEWAY_TOKEN_FILE"])
def test_commands_of_the_cloud_need_the_cloud_and_the_gateway(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {
        "CLOUD_COMMANDS": "true",
        "CLOUD_ENDPOINT": "https://c",
        "GATEWAY_URL": "http://g",
        "GATEWAY_TOKEN_FILE": "/t",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert ProcessorSettings.load().cloud_commands
    monkeypatch.delenv(missing)
    with pytest.raises(SystemExit):
        ProcessorSettings.load()
    assert missing in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value"), [("LEASE_SECONDS", "100ms"), ("DRAIN_SECONDS", "0s"), ("DRAIN_SECONDS", "soon")]
)
def test_what_is_wrong_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        ProcessorSettings.load()
    assert name in capsys.readouterr().err
