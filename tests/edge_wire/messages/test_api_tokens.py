"""The list of API tokens: parsed, formatted, and refused if it is malformed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.messages import ApiRole, ApiTokenEntry, ApiTokenList, MalformedError, token_digest

ENTRIES = st.builds(
    ApiTokenEntry, st.text(max_size=40), st.sampled_from(ApiRole), st.from_regex("[0-9a-f]{64}", fullmatch=True)
)


@given(st.lists(ENTRIES, max_size=4))
def test_what_is_formatted_is_parsed(entries: list[ApiTokenEntry]) -> None:
    listed = ApiTokenList(tuple(entries))
    assert ApiTokenList.parse(listed.encode()) == listed


@given(st.binary(max_size=200))
def test_any_payload_is_a_list_or_malformed(payload: bytes) -> None:
    try:
        ApiTokenList.parse(payload)
    except MalformedError:
        return


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"{}", b'{"tokens": 1}', b'{"tokens": [1]}', b'{"tokens": [{"role": "root"}]}']
)
def test_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        ApiTokenList.parse(payload)


def test_digest_is_sha_256_and_does_not_show_the_token() -> None:
    assert token_digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    payload = ApiTokenList((ApiTokenEntry("a", ApiRole.READ, token_digest("s3cret")),)).encode()
    assert b"s3cret" not in payload


def test_roles_include_those_before_them() -> None:
    included = {role: [other for other in ApiRole if role.includes(other)] for role in ApiRole}
    assert included == {
        ApiRole.READ: [ApiRole.READ],
        ApiRole.OPERATE: [ApiRole.READ, ApiRole.OPERATE],
        ApiRole.ADMIN: list(ApiRole),
    }
