"""Reads stored objects, which the API server may have accepted under another schema than this release's."""

from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from .schema import ApiModel

ModelT = TypeVar("ModelT", bound=ApiModel)


def read_stored(model: type[ModelT], stored: object) -> ModelT:
    """Return a stored value as its type; an invalid value is replaced by the default of its field.

    One object of another schema must not stop the reconcile of the others. A required text that is missing or invalid
    is empty, which the caller can detect.

    Raises:
        ValidationError: a required field is invalid that is neither a text nor an object of such fields.
    """
    try:
        return model.model_validate(stored, by_alias=True, by_name=False)
    except ValidationError:
        found: ModelT = _field_by_field(model, stored)
        return found


def _field_by_field(model: type[ApiModel], stored: object) -> Any:
    given = stored if isinstance(stored, dict) else {}
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if field.alias not in given and not field.is_required():
            continue
        try:
            found[name] = _value(model, name, given.get(field.alias))
        except ValidationError:
            if field.is_required():
                raise
    return model.model_construct(**found)


def _value(model: type[ApiModel], name: str, stored: object) -> Any:
    field = model.model_fields[name]
    nested = _nested_model(field.annotation)
    if nested is not None and (isinstance(stored, dict) or field.is_required()):
        return _field_by_field(nested, stored)
    try:
        return _adapter(model, name).validate_python(stored)
    except ValidationError:
        if field.is_required() and field.annotation is str:
            return ""
        raise


@cache
def _adapter(model: type[ApiModel], name: str) -> TypeAdapter[Any]:
    return TypeAdapter(model.model_fields[name].rebuild_annotation())


def _nested_model(annotation: Any) -> type[ApiModel] | None:
    """Return the model that a value of this type is, if it is not None; None for other types and for lists."""
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, ApiModel) else None
    if get_origin(annotation) in {Annotated, Union, UnionType}:
        return next((model for part in get_args(annotation) if (model := _nested_model(part)) is not None), None)
    return None
