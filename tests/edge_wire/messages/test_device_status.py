"""Births, sign-offs and wills of devices."""

import pytest

from edge_wire.messages import DeviceStatus, MalformedError

BARE = [
    pytest.param(b"online", "online", id="online"),
    pytest.param(b"offline", "offline", id="offline"),
    pytest.param(b' "ONLINE"\n', "online", id="online in quotes"),
    pytest.param(b'"offline"', "offline", id="offline in quotes"),
    pytest.param(b'{"status":"online"}', "online", id="as JSON"),
    pytest.param(b"online".ljust(32), "online", id="32 bytes with the blanks"),
]


@pytest.mark.parametrize(("payload", "status"), BARE)
def test_bare_word(payload: bytes, status: str) -> None:
    parsed = DeviceStatus.parse(payload, "pump-1")

    assert (parsed.status, parsed) == (status, DeviceStatus("pump-1", parsed.status))


def test_bare_word_with_more_than_32_bytes_is_refused() -> None:
    with pytest.raises(MalformedError, match="is not JSON"):
        DeviceStatus.parse(b"online".ljust(33), "pump-1")


def test_session_may_be_a_number() -> None:
    parsed = DeviceStatus.parse(b'{"status":"online","session":7}', "pump-1")

    assert (parsed.session, parsed.extra) == ("7", {})


SIGN_OFFS = [
    pytest.param(b'{"status":"offline","reason":"Disconnected"}', True, id="a sign-off"),
    pytest.param(b'{"status":"offline","reason":"LastWill"}', False, id="a will"),
    pytest.param(b'{"status":"online","reason":"Disconnected"}', False, id="online with its reason"),
    pytest.param(b"offline", False, id="a bare word"),
]


@pytest.mark.parametrize(("payload", "is_sign_off"), SIGN_OFFS)
def test_only_disconnected_is_a_sign_off(payload: bytes, *, is_sign_off: bool) -> None:
    assert DeviceStatus.parse(payload, "pump-1").is_sign_off is is_sign_off
