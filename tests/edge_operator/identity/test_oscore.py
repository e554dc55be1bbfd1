"""The OSCORE context of a device, as RFC 8613 and aiocoap want it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from edge_operator.identity.oscore import oscore_context

ROOT = bytes(range(32))
IDS = st.text(alphabet="abcXYZ019._-", min_size=1, max_size=64)


def test_names_what_aiocoap_reads() -> None:
    assert json.loads(oscore_context(ROOT, "d1", 1)) == {
        "algorithm": "AES-CCM-16-64-128",
        "kdf-hashfun": "sha256",
        "sender-id_hex": "caa08740ad8ae3",
        "recipient-id_hex": "00",
        "secret_hex": "957852c24975ce760d6d38561699c27c",
    }


def test_another_rotation_has_another_secret_and_the_same_identifier() -> None:
    first, second = (json.loads(oscore_context(ROOT, "pump-1", rotation)) for rotation in (0, 1))
    assert first["secret_hex"] != second["secret_hex"]
    assert first["sender-id_hex"] == second["sender-id_hex"]


@given(IDS, IDS, st.integers(0, 9))
def test_devices_share_neither_secret_nor_identifier(one: str, other: str, rotation: int) -> None:
    mine, theirs = (json.loads(oscore_context(ROOT, each, rotation)) for each in (one, other))
    assert (mine == theirs) == (one == other)
    assert len(bytes.fromhex(mine["sender-id_hex"])) <= 13 - 6, "RFC 8613, 3.3: the nonce's length less 6"
    if one != other:
        assert mine["secret_hex"] != theirs["secret_hex"]
        assert mine["sender-id_hex"] != theirs["sender-id_hex"]
