"""The store's report: what is written is read back; everything else is malformed."""

import contextlib
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.messages import MalformedError, StorageReport

DOCUMENTS = st.dictionaries(
    st.sampled_from(["used_bytes", "dropped_readings", "dropped_at", "problem", "set_aside", "more"]),
    st.none() | st.integers() | st.text() | st.booleans() | st.lists(st.integers()),
)


def test_a_report_is_read_back() -> None:
    report = StorageReport(4096, 3, dt.datetime(2026, 11, 30, tzinfo=dt.UTC), "disk full", "edge.db.corrupt-1")
    assert StorageReport.from_object(report.to_object()) == report
    assert StorageReport.from_object(StorageReport().to_object()) == StorageReport()


@pytest.mark.parametrize("document", [None, [], 3, {}, {"used_bytes": 1}, {"used_bytes": -1, "dropped_readings": 0}])
def test_another_document_is_malformed(document: object) -> None:
    with pytest.raises(MalformedError):
        StorageReport.from_object(document)


@given(DOCUMENTS)
def test_any_document_is_a_report_or_malformed(document: dict[str, object]) -> None:
    with contextlib.suppress(MalformedError):
        StorageReport.from_object(document)
