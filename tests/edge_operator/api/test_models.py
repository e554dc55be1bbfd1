"""Reading a resource raises nothing but a validation error, whatever is in it."""

import contextlib
from functools import cache
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from edge_operator.api.edgedevice import EdgeDevice
from edge_operator.api.edgesite import EdgeSite
from edge_operator.api.schema import ApiModel

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))  # lone surrogates too: JSON can spell them
    | st.sampled_from(["Managed", "External", "10Gi", "30s", "1e400", "Exists", "temperature", "Oscore", ""])
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)


def models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


@cache
def shaped(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with the model's field names and anything in them, now and then of the right shape."""
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for field in model.model_fields.values():
        inner = [shaped(nested) for nested in models_in(field.annotation)]
        lists = [st.lists(one, max_size=2) for one in inner]
        fields[str(field.alias)] = st.one_of(*inner, *lists, ANYTHING)
    return st.fixed_dictionaries({}, optional=fields)


@pytest.mark.parametrize("kind", [EdgeSite, EdgeDevice])
def test_reading_raises_nothing_but_validation_errors(kind: type[ApiModel]) -> None:
    @settings(max_examples=150, deadline=None)
    @given(ANYTHING | shaped(kind))
    def read(content: object) -> None:
        with contextlib.suppress(ValidationError):
            kind.model_validate(content)

    read()


def test_fields_of_a_newer_release_are_ignored() -> None:
    site = EdgeSite.model_validate({"spec": {"gateway": {"replicas": 1, "lights": "on"}}, "metadata": {"name": "x"}})
    assert site.spec.gateway.replicas == 1


def test_a_resource_cannot_be_changed_in_the_program() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        EdgeSite().spec.paused = True  # type: ignore[misc]  # the point
