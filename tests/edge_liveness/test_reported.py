from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_liveness.reported import MAX_CHARACTERS, NAMES, reported
from edge_wire.messages import DeviceStatus


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, (), id="nothing"),
        pytest.param(
            {"metadata": {"firmware": "1.2", "password": "x"}}, (("firmware", "1.2"),), id="only what is allowed"
        ),
        pytest.param({"extra": {"address": "10.0.0.7"}}, (("address", "10.0.0.7"),), id="beside the known fields"),
        pytest.param({"name": "Pump", "type": "pump"}, (("name", "Pump"), ("type", "pump")), id="its own fields"),
        pytest.param({"location": "hall 3"}, (("location", "hall 3"),), id="its location"),
        pytest.param(
            {"extra": {"firmware": "1"}, "metadata": {"firmware": "2"}}, (("firmware", "1"),), id="the nearer one"
        ),
        pytest.param({"metadata": {"firmware": 3, "model": ["x"], "os": None}}, (), id="strings only"),
        pytest.param({"metadata": {"model": "x\x1b[2J\n"}}, (("model", "x?[2J?"),), id="no escape sequences"),
    ],
)
def test_reported(fields: dict[str, Any], expected: tuple[tuple[str, str], ...]) -> None:
    assert reported(DeviceStatus("a", "online", **fields)) == expected


def test_what_may_be_reported() -> None:
    names = "address board build firmware hardware location manufacturer model name os protocol revision serial"
    names += " software type version"
    metadata = dict.fromkeys([*names.split(), "other"], "x")

    assert [name for name, _ in reported(DeviceStatus("a", "online", metadata=metadata))] == names.split()


def test_long_text_is_cut_to_128_characters() -> None:
    assert reported(DeviceStatus("a", "online", metadata={"os": "x" * 127 + "yz"})) == (("os", "x" * 127 + "y"),)


@given(st.dictionaries(st.sampled_from([*NAMES, "other"]), st.text(max_size=300) | st.integers()))
def test_it_fits_the_status(metadata: dict[str, Any]) -> None:
    found = reported(DeviceStatus("a", "online", metadata=metadata))
    assert len(found) <= 16
    assert all(0 < len(text) <= MAX_CHARACTERS and text.isprintable() for _, text in found)
