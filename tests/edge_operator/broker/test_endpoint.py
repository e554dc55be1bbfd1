"""Addresses of brokers for an operator outside the cluster."""

import pytest

from edge_operator.broker.endpoint import BrokerAddress, Endpoint, Login, parse_addresses

RIGHT = {
    "nothing": ("", {}),
    "one": ("a/b=localhost:1884", {("a", "b"): BrokerAddress("localhost", 1884)}),
    "two": (
        " a/b=127.0.0.1:1 , c/d=example.com:65535,",
        {("a", "b"): BrokerAddress("127.0.0.1", 1), ("c", "d"): BrokerAddress("example.com", 65535)},
    ),
    "IPv6": ("a/b=[::1]:1884", {("a", "b"): BrokerAddress("::1", 1884)}),
    "blanks": ("a/b = x:1", {("a", "b"): BrokerAddress("x", 1)}),
}
WRONG = ["a=localhost:1", "a/b", "a/b=", "a/b=host", "a/b=host:", "a/b=:1", "/b=h:1", "a/=h:1", "a/b=h:0", "a/b=h:x"]

WORSE = [
    *("a/b/c=h:1", "a/b=h:99999", "a/b=mqtt://h:1", "a/b=u:p@h:1", "a/b=::1:1", "a/b=h h:1", "a/b==h:1", "A/b=h:1"),
    *("a/b=h:1;c/d=h:2", "a/b=h:1 c/d=h:2", "a/b=h?x:1", "a/b=h:+1", "a/b=h:\u0661", "a/b=x:1,a/b=y:2", "a/b=[:1"),
]


@pytest.mark.parametrize(("text", "read"), RIGHT.values(), ids=RIGHT)
def test_pairs_are_read(text: str, read: object) -> None:
    assert parse_addresses(text) == read


@pytest.mark.parametrize("text", [*WRONG, *WORSE])
def test_wrong_ones_are_named_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match="must be pairs such as factory/plant="):
        parse_addresses(text)


def test_password_is_never_shown() -> None:
    endpoint = Endpoint(BrokerAddress("h", 1), Login("~operator", "hidden"))
    assert "hidden" not in repr(endpoint)
