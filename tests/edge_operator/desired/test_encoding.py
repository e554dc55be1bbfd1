"""The values of a Secret: written, and read as the API server has them."""

from typing import Any

import pytest

from edge_operator.desired.encoding import secret_data, secret_text, secret_value


@pytest.mark.parametrize(
    ("secret", "value"),
    [
        pytest.param({"data": secret_data({"key": b"\xff\x00"})}, b"\xff\x00", id="bytes"),
        pytest.param({"data": secret_data({"key": "a\u00e4\n"})}, "a\u00e4\n".encode(), id="text"),
        pytest.param({"data": {"key": ""}}, b"", id="empty"),
        pytest.param({"data": {"other": "!"}}, None, id="another key"),
        pytest.param({"data": None}, None, id="null"),
        pytest.param({}, None, id="no data"),
    ],
)
def test_value(secret: dict[str, Any], value: bytes | None) -> None:
    assert secret_value(secret, "key") == value


def test_text() -> None:
    secret = {"data": secret_data({"key": " a\u00e4\n"})}
    assert secret_text(secret, "key") == " a\u00e4\n"
    assert secret_text(secret, "other") is None


@pytest.mark.parametrize("encoded", ["a", "YQ", "YQ==?", "Y Q==", "\u00e4"])
def test_what_is_not_base64_is_named_without_its_value(encoded: str) -> None:
    with pytest.raises(ValueError, match=r"^the key password is not base64$"):
        secret_value({"data": {"password": encoded}}, "password")


def test_what_is_not_text_is_named() -> None:
    with pytest.raises(ValueError, match=r"^the key password is not UTF-8$"):
        secret_text({"data": secret_data({"password": b"\xff"})}, "password")
