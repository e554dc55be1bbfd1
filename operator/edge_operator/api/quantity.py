"""Reads quantities as Kubernetes writes them (`10Gi`, `250m`, `1e3`): bytes or cores."""

import re
from decimal import Decimal, localcontext

_QUANTITY = re.compile(r"([-+]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+))(?:([KMGTPE]i|[numkMGTPE])|[eE]([-+]?[0-9]{1,9}))?")
_POWERS_OF_TEN = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_POWERS_OF_TWO = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_LARGEST = Decimal(2**63 - 1)
"""Kubernetes reads anything larger as this value."""


def parse_quantity(quantity: str | int) -> Decimal:
    """Return the number of bytes or cores of `quantity`.

    Raises:
        ValueError: Kubernetes could not read it either.
    """
    text = str(quantity)
    match = _QUANTITY.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a quantity such as 10Gi, 500Mi or 250m")
    number, suffix, exponent = match.groups()
    power = _POWERS_OF_TEN.get(suffix, 0) if suffix else max(-99, min(99, int(exponent or 0)))
    with localcontext(prec=max(len(text), 32) + 20):
        value = Decimal(number).scaleb(power) * (1 << _POWERS_OF_TWO.get(suffix, 0))
        return max(-_LARGEST, min(_LARGEST, value))
