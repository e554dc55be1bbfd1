"""JSON values for tests of what reads resources: anything, and anything in the fields of a model."""

from functools import cache
from typing import Any, get_args

from hypothesis import strategies as st
from pydantic import BaseModel

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
