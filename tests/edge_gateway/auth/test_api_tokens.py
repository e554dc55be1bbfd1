"""Which tokens the gateway accepts: those of its file, without those that the operator has revoked."""

from pathlib import Path

import pytest

from edge_gateway.auth.api_tokens import ApiTokens
from edge_gateway.auth.token import ApiToken
from edge_wire.messages import ApiRole, ApiTokenEntry, ApiTokenList, token_digest


def entry(name: str, role: ApiRole = ApiRole.READ, token: str = "") -> ApiTokenEntry:
    return ApiTokenEntry(name, role, token_digest(token or name))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def write(path: Path, *entries: ApiTokenEntry) -> None:
    """Replace the file, as the kubelet does."""
    new = path.with_suffix(".new")
    new.write_bytes(ApiTokenList(entries).encode())
    new.replace(path)


@pytest.fixture
def tokens(path: Path) -> ApiTokens:
    write(path, entry("grafana"), entry("ops", ApiRole.ADMIN))
    return ApiTokens(ApiToken(None), path)


def test_tokens_of_the_file(tokens: ApiTokens) -> None:
    assert tokens.find("grafana") == entry("grafana")
    assert tokens.find("ops") == entry("ops", ApiRole.ADMIN)
    for wrong in ("", "Grafana", "grafana ", token_digest("grafana"), "\ud800"):
        assert tokens.find(wrong) is None


def test_file_that_changes_is_read_again(tokens: ApiTokens, path: Path) -> None:
    write(path, entry("grafana", token="second"))
    assert tokens.find("grafana") is None
    assert tokens.find("second") == entry("grafana", token="second")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"tokens": [{"name": "a", "role": "Root", "digest": ""}]}'])
def test_file_that_cannot_be_read_changes_nothing(tokens: ApiTokens, path: Path, content: bytes) -> None:
    assert tokens.find("grafana")
    path.with_suffix(".new").write_bytes(content)
    path.with_suffix(".new").replace(path)
    assert tokens.find("grafana") == entry("grafana")


def test_what_is_published_only_revokes(tokens: ApiTokens) -> None:
    tokens.on_published(ApiTokenList((entry("grafana"), entry("intruder", ApiRole.ADMIN))))
    assert tokens.find("grafana") == entry("grafana")
    assert tokens.find("ops") is None, "it is revoked although the file still has it"
    assert tokens.find("intruder") is None, "who may publish on a broker must not create a token"
    tokens.on_published(None)
    assert tokens.find("ops")


@pytest.mark.parametrize(
    ("of_file", "published", "expected"),
    [
        (ApiRole.ADMIN, ApiRole.READ, ApiRole.READ),
        (ApiRole.READ, ApiRole.ADMIN, ApiRole.READ),
        (ApiRole.OPERATE, ApiRole.OPERATE, ApiRole.OPERATE),
    ],
)
def test_the_lower_role_applies(path: Path, of_file: ApiRole, published: ApiRole, expected: ApiRole) -> None:
    write(path, entry("a", of_file))
    tokens = ApiTokens(ApiToken(None), path)
    tokens.on_published(ApiTokenList((entry("a", published),)))
    assert tokens.find("a") == entry("a", expected)


def test_single_token_of_a_gateway_without_an_operator(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("single")
    tokens = ApiTokens(ApiToken(tmp_path / "token"), None)
    assert tokens.find("single") == entry("api-token", ApiRole.OPERATE, "single")
    assert tokens.find("other") is None
