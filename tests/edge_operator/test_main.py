"""The command, in this process: what it says when it cannot begin."""

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from edge_operator.__main__ import main
from edge_operator.settings import Settings


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"EDGE_{name.upper()}", raising=False)
    for name in ("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setenv("HOME", str(tmp_path))


def ended(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command to its end and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["edge-operator", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    code = caught.value.code
    assert isinstance(code, int)
    return code


def test_help_says_of_every_variable_what_it_means_and_its_default(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "--help") == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 100
    entries = {text.split(maxsplit=1)[0]: " ".join(text.split()) for text in printed.split("\nEDGE_")[1:]}
    for name, field in Settings.model_fields.items():
        words = " ".join((field.description or "").split())
        assert entries[name.upper()].startswith(f"{name.upper()} {words}")
        assert entries[name.upper()].count("Default: ") == 1
    assert entries["LOOK_AGAIN_SECONDS"].endswith("Default: 30.")
    assert entries["LEASE_NAME"].endswith("Default: edge-operator.")


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, "--version") == 0
    assert capsys.readouterr().out.strip() == version("edge-stack")


def test_unknown_argument(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, "--loud") == 2
    assert "--loud" in capsys.readouterr().err


def test_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("EDGE_PROBE_PORT", "http")
    assert ended(monkeypatch) == 2
    said = capsys.readouterr().err
    assert said.startswith("edge-operator: EDGE_PROBE_PORT: ")
    assert "'http'" in said


def kubeconfig(cluster: str = "server: https://127.0.0.1:1", user: str = "token: t") -> str:
    return (
        f"apiVersion: v1\nkind: Config\ncurrent-context: c\n"
        f"clusters: [{{name: c, cluster: {{{cluster}}}}}]\n"
        f"users: [{{name: u, user: {{{user}}}}}]\n"
        f"contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n"
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param("a: [", id="no YAML"),
        pytest.param("just words", id="no kubeconfig"),
        pytest.param("[1, 2]", id="a list"),
        pytest.param("apiVersion: v1\nkind: Config\n", id="nothing in it"),
        pytest.param(kubeconfig().replace("current-context: c", "current-context: d"), id="unknown context"),
        pytest.param(kubeconfig("server: https://x, certificate-authority: /none/ca.crt"), id="no such CA"),
        pytest.param(kubeconfig("server: https://x, certificate-authority-data: eA=="), id="CA that is none"),
        pytest.param(kubeconfig("server: https://x, certificate-authority-data: '%'"), id="CA that is not base64"),
        pytest.param(kubeconfig(user="client-certificate: /none, client-key: /none"), id="no such certificate"),
    ],
)
def test_kubeconfig_that_is_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "kubeconfig").write_text(content)
    assert ended(monkeypatch) == 2
    said = capsys.readouterr().err
    assert said.startswith("edge-operator: cannot reach the API server: ")
    assert "KUBECONFIG" in said
    assert "Traceback" not in said
