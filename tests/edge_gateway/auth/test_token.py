from pathlib import Path

from edge_gateway.auth.token import ApiToken


def test_only_the_token_is_right(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("s3cret\n")
    token = ApiToken(path)
    assert token.matches("s3cret")
    for wrong in ("", "s3cre", "s3cret2", "S3CRET", "ä"):
        assert not token.matches(wrong)


def test_a_new_token_counts_at_once_and_without_the_file_the_last_one_does(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first")
    token = ApiToken(path)
    assert token.matches("first")
    (tmp_path / "new").write_text("second")
    (tmp_path / "new").replace(path)
    assert token.matches("second")
    assert not token.matches("first")
    path.unlink()
    assert token.matches("second")


def test_without_a_token_none_is_right(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    for token in (ApiToken(None), ApiToken(tmp_path / "none"), ApiToken(tmp_path / "empty")):
        assert not token.matches("")
        assert not token.matches("x")
