"""The store's report: what is written is read back; everything else is malformed."""

import contextlib
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.messages import MalformedError, StorageReport

DOCUMENTS = st.dictionaries(
    st.sampled_from([*StorageReport().to_object(), "more"]),
    st.none() | st.integers() | st.text() | st.booleans() | st.lists(st.integers()),
)

NEGATIVE = StorageReport().to_object() | {"capacity_bytes": -1}


def test_a_report_is_read_back() -> None:
    at = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
    report = StorageReport(4096, 3, at, "disk full", "edge.db.corrupt-1", 10 << 30, at)
    assert StorageReport.from_object(report.to_object()) == report
    assert StorageReport.from_object(StorageReport().to_object()) == StorageReport()


def test_a_processor_of_an_older_release_reports_neither_capacity_nor_the_oldest_reading() -> None:
    old = {"used_bytes": 4096, "dropped_readings": 0, "dropped_at": None, "problem": "", "set_aside": ""}
    assert StorageReport.from_object(old) == StorageReport(4096)


@pytest.mark.parametrize(
    "document", [None, [], 3, {}, {"used_bytes": 1}, {"used_bytes": -1, "dropped_readings": 0}, NEGATIVE]
)
def test_another_document_is_malformed(document: object) -> None:
    with pytest.raises(MalformedError):
        StorageReport.from_object(document)


@given(DOCUMENTS)
def test_any_document_is_a_report_or_malformed(document: dict[str, object]) -> None:
    with contextlib.suppress(MalformedError):
        StorageReport.from_object(document)
