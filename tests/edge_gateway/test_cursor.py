import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_gateway.cursor import decode_cursor, encode_cursor

kinds = st.sampled_from(["devices", "readings", "alerts"])


@given(kinds, st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True))
def test_a_cursor_leads_back_to_its_position(kind: str, position: str) -> None:
    cursor = encode_cursor(kind, position)
    assert decode_cursor(kind, cursor) == position
    assert cursor.replace("-", "").replace("_", "").isalnum(), "it goes into a URL as it is"


@given(kinds, st.text(max_size=400))
def test_any_text_is_a_cursor_of_ours_or_refused(kind: str, text: str) -> None:
    position: str | None = None
    with contextlib.suppress(ValueError):
        position = decode_cursor(kind, text)
    assert position is None or decode_cursor(kind, encode_cursor(kind, position)) == position != ""


@pytest.mark.parametrize(
    "text",
    ["", "!", "ZGV2aWNlczo", encode_cursor("alerts", "7"), encode_cursor("devices", ""), "ä", "A" * 257, "_w"],
)
def test_what_is_no_cursor_of_this_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="`next` of an earlier page"):
        decode_cursor("devices", text)
