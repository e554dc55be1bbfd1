from pathlib import Path

import pytest
from pydantic import ValidationError

from edge_operator import settings as module
from edge_operator.broker.endpoint import BrokerAddress
from edge_operator.control.site_broker.liveness_settings import DEFAULT_TIMERS
from edge_operator.settings import Settings, explain


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"EDGE_{name.upper()}", raising=False)


def test_defaults_work() -> None:
    settings = Settings()
    assert settings.watch_namespaces == ()
    assert (settings.lease_name, settings.probe_port, settings.log_level) == ("edge-operator", 8080, "INFO")
    assert settings.release


def test_timers_of_liveness_are_those_that_the_design_states() -> None:
    settings = Settings()
    timers = (settings.figures_seconds, settings.unreachable_after_seconds, settings.mass_grace_seconds)
    assert timers == (30.0, 30.0, 30.0)
    assert timers == (DEFAULT_TIMERS.count_period, DEFAULT_TIMERS.unreachable_after, DEFAULT_TIMERS.mass_grace)


RIGHT = [
    ("watch_namespaces", "a", ("a",)),
    ("watch_namespaces", " a, b ,,c ", ("a", "b", "c")),
    ("watch_namespaces", ",", ()),
    ("operator_namespace", "ops", "ops"),
    ("lease_name", "edge.operator-2", "edge.operator-2"),
    ("identity", "pod-1", "pod-1"),
    ("release", "1.2.3", "1.2.3"),
    ("image_registry", "registry.example.com:5000/mirror", "registry.example.com:5000/mirror"),
    ("writes_per_second", "0.5", 0.5),
    ("write_burst", "1", 1),
    ("write_concurrency", "200", 200),
    ("liveness_writes_per_second", "10", 10.0),
    ("liveness_write_burst", "20", 20),
    ("last_seen_seconds", "0", 0.0),
    ("figures_seconds", "2", 2.0),
    ("unreachable_after_seconds", "5", 5.0),
    ("mass_grace_seconds", "8", 8.0),
    ("broker_addresses", "a/b=127.0.0.1:1884", {("a", "b"): BrokerAddress("127.0.0.1", 1884)}),
    ("allowed_secrets", "plants/login, */tls-*", ("plants/login", "*/tls-*")),
    ("allowed_hosts", "*.Example.com,10.0.0.0/8", ("*.example.com", "10.0.0.0/8")),
    ("look_again_seconds", "5", 5.0),
    ("probe_host", "127.0.0.1", "127.0.0.1"),
    ("probe_port", "0", 0),
    ("log_level", "debug", "DEBUG"),
]


@pytest.mark.parametrize(("name", "value", "read"), RIGHT)
def test_each_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str, read: object) -> None:
    monkeypatch.setenv(f"EDGE_{name.upper()}", value)
    assert getattr(Settings(), name) == read


def test_the_table_has_every_setting() -> None:
    assert {name for name, _, _ in RIGHT} == set(Settings.model_fields)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_empty_is_unset(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    default = getattr(Settings(), name)
    monkeypatch.setenv(f"EDGE_{name.upper()}", "")
    assert getattr(Settings(), name) == default or (name == "identity" and Settings().identity)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("watch_namespaces", "Upper"),
        ("watch_namespaces", "a,b/c"),
        ("operator_namespace", "a/b"),
        ("operator_namespace", "a" * 64),
        ("lease_name", "../x"),
        ("identity", "two words"),
        ("identity", "x\ny"),
        ("writes_per_second", "0"),
        ("writes_per_second", "-1"),
        ("writes_per_second", "nan"),
        ("writes_per_second", "inf"),
        ("writes_per_second", "many"),
        ("write_burst", "0"),
        ("write_burst", "1.5"),
        ("write_concurrency", "0"),
        ("write_concurrency", "201"),
        ("liveness_writes_per_second", "0"),
        ("last_seen_seconds", "-1"),
        ("figures_seconds", "0"),
        ("unreachable_after_seconds", "0"),
        ("mass_grace_seconds", "2"),
        ("broker_addresses", "a=127.0.0.1:1"),
        ("broker_addresses", "a/b=127.0.0.1:1,a/b=127.0.0.1:2"),
        ("probe_port", "65536"),
        ("probe_port", "http"),
        ("log_level", "LOUD"),
    ],
)
def test_wrong_value_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"EDGE_{name.upper()}", value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    said = explain(caught.value)
    assert said.startswith(f"EDGE_{name.upper()}: ")
    assert len(said.splitlines()) == 1


def test_every_wrong_value_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_PROBE_PORT", "x")
    monkeypatch.setenv("EDGE_LOG_LEVEL", "y")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert {line.partition(":")[0] for line in explain(caught.value).splitlines()} == {
        "EDGE_PROBE_PORT",
        "EDGE_LOG_LEVEL",
    }


def test_identity_is_the_pods_and_unlike_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NAME", "operator-7d9f")
    first, second = Settings().identity, Settings().identity
    assert first.startswith("operator-7d9f-")
    assert first != second


def test_own_namespace_is_the_pods(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "namespace"
    file.write_text("ops\n")
    monkeypatch.setattr(module, "NAMESPACE_FILE", file)
    assert Settings().operator_namespace == "ops"
    monkeypatch.setattr(module, "NAMESPACE_FILE", tmp_path / "none")
    assert Settings().operator_namespace == "edge-system"
