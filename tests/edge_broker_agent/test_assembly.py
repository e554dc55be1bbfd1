"""Index and shards: when they are whole, and what is wrong with them."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_broker_agent.errors import RejectedError
from edge_broker_agent.shards import Index, Shard, assemble, parse_certificate, parse_index, parse_shard

A, B, C = (f"{name}:$7$101${'A' * 16}${'A' * 86}==".encode() for name in "abc")


def encoded(**values: str) -> dict[str, str]:
    """Return values as the `data` of a Secret."""
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}


@pytest.mark.parametrize(
    ("index", "shards"),
    [
        pytest.param(None, {0: Shard(1, (A,))}, id="no index"),
        pytest.param(Index(1, ()), {}, id="no shard"),
        pytest.param(Index(2, ()), {0: Shard(2, (A,))}, id="a shard is missing"),
        pytest.param(Index(1, ()), {0: Shard(2, (A,)), 1: Shard(2, (B,))}, id="the index is behind"),
        pytest.param(Index(2, ()), {0: Shard(1, (A, B)), 1: Shard(2, (B,))}, id="a shard is behind"),
        pytest.param(Index(2, ()), {0: Shard(3, (A,)), 1: Shard(2, (B,))}, id="a shard is ahead"),
    ],
)
def test_what_does_not_agree_is_not_used(index: Index | None, shards: dict[int, Shard]) -> None:
    assert assemble(index, shards) is None


def test_what_agrees_is_one_file() -> None:
    assert assemble(Index(2, (C,)), {0: Shard(2, (B,)), 1: Shard(2, (A,)), 2: Shard(3, ())}) == b"\n".join(
        (A, B, C, b"")
    )
    assert assemble(Index(0, (C,)), {}) == C + b"\n"


def test_a_user_in_two_shards_is_refused() -> None:
    with pytest.raises(RejectedError, match="the user a"):
        assemble(Index(2, ()), {0: Shard(2, (A,)), 1: Shard(2, (A,))})


@pytest.mark.parametrize("count", ["", "-1", "01", "1.0", "1025", "99999", "one", " 1", "\u0661"])
def test_a_count_that_is_none_is_refused(count: str) -> None:
    with pytest.raises(RejectedError) as caught:
        parse_index(encoded(shards=count, passwords=""))
    assert caught.value.reason == "count"


def test_the_largest_count_is_taken() -> None:
    assert parse_index(encoded(shards="1024", passwords="")) == Index(1024, ())


def test_certificate_and_key_become_one_file() -> None:
    assert parse_certificate(encoded(**{"tls.crt": "chain\n\n", "tls.key": "key"})).pem == b"chain\nkey\n"


@given(st.dictionaries(st.sampled_from(["shards", "of", "passwords", "tls.crt", "tls.key"]), st.text(max_size=40)))
def test_no_content_makes_it_fail_otherwise(data: dict[str, str]) -> None:
    for parse in (parse_index, parse_shard, parse_certificate):
        with suppress(RejectedError):
            parse(data)
