"""CPU and memory of a component: those in the spec, and the defaults for the others."""

from collections.abc import Mapping
from decimal import Decimal

from edge_operator.api.quantity import parse_quantity
from edge_operator.api.references import Resources

Amounts = Mapping[str, int | str]
"""Quantities by the name of the resource, such as `{"cpu": "100m"}`."""


def effective_resources(field: str, given: Resources | None, usual: Resources) -> Resources:
    """Return the resources in effect: each quantity of the spec replaces the default of its name only.

    A limit of 0 means no limit. A request is never above its limit: the one of the two that the spec does not contain
    follows the other.

    Args:
        field: path of the resources in the spec, for errors.
        given: resources in the spec, if any.
        usual: defaults of the component.

    Raises:
        ValueError: a quantity cannot be read; the message names it.
    """
    given = given or Resources()
    asked, allowed = given.requests or {}, given.limits or {}
    requests, limits = {**(usual.requests or {}), **asked}, {**(usual.limits or {}), **allowed}
    for name in requests.keys() & limits.keys():
        request, limit = _amount(f"{field}.requests", requests, name), _amount(f"{field}.limits", limits, name)
        if limit == 0 or request <= limit:
            continue
        if name in allowed:
            requests[name] = limits[name]
        else:
            limits[name] = requests[name]
    unlimited = {name for name in limits if _amount(f"{field}.limits", limits, name) == 0}
    return Resources(requests=requests, limits={name: limits[name] for name in limits if name not in unlimited})


def _amount(field: str, amounts: Amounts, name: str) -> Decimal:
    try:
        return parse_quantity(amounts[name])
    except ValueError as error:
        raise ValueError(f"{field}.{name}: {error}") from error
