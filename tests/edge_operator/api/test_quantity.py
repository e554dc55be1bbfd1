"""Quantities are read as Kubernetes reads them."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.utils import quantity as kubernetes_quantity

from edge_operator.api.quantity import parse_quantity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10Gi", Decimal(10 * 2**30)),
        ("1.5Gi", Decimal(3 * 2**29)),
        ("500Mi", Decimal(500 * 2**20)),
        ("64Ki", Decimal(65536)),
        ("2Ti", Decimal(2**41)),
        ("1Pi", Decimal(2**50)),
        ("1Ei", Decimal(2**60)),
        ("250m", Decimal("0.25")),
        ("100u", Decimal("0.0001")),
        ("5n", Decimal("0.000000005")),
        ("1k", Decimal(1000)),
        ("3M", Decimal(3_000_000)),
        ("10G", Decimal(10**10)),
        ("1T", Decimal(10**12)),
        ("1P", Decimal(10**15)),
        ("1E", Decimal(10**18)),  # the suffix, not an exponent
        ("1E3", Decimal(1000)),
        ("1e3", Decimal(1000)),
        ("12e-1", Decimal("1.2")),
        (".5", Decimal("0.5")),
        ("5.", Decimal(5)),
        ("+5", Decimal(5)),
        ("-5Mi", Decimal(-5 * 2**20)),
        (7, Decimal(7)),
        (0, Decimal(0)),
        ("1e999999999", Decimal(2**63 - 1)),
        ("1e-999999999", Decimal("1e-99")),
        ("99999999Ei", Decimal(2**63 - 1)),
    ],
)
def test_reads(text: str | int, expected: Decimal) -> None:
    assert parse_quantity(text) == expected


@pytest.mark.parametrize("text", ["", "Gi", "10GB", "10 Gi", "ten", "1.2.3", "NaN", "inf", "1e", "٣", "10gi", "1Gi\n"])
def test_names_what_it_cannot_read(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity such as 10Gi, 500Mi or 250m") as failure:
        parse_quantity(text)
    assert repr(text) in str(failure.value)


reference: Callable[[str], Decimal] = kubernetes_quantity.parse_quantity
SUFFIXES = ["", "n", "u", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"]


@given(st.decimals(min_value=0, max_value=10**5, places=3, allow_nan=False), st.sampled_from(SUFFIXES))
def test_agrees_with_the_kubernetes_client(number: Decimal, suffix: str) -> None:
    text = f"{number:f}{suffix}"
    assert parse_quantity(text) == reference(text)


@given(st.text() | st.integers())
def test_raises_nothing_else(text: str | int) -> None:
    try:
        assert parse_quantity(text).is_finite()
    except ValueError as failure:
        assert "is not a quantity" in str(failure)  # noqa: PT017  most texts are none
