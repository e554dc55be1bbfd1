"""Reading a resource raises nothing but a validation error, whatever is in it."""

import contextlib

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from edge_operator.api.edgedevice import EdgeDevice
from edge_operator.api.edgesite import EdgeSite
from edge_operator.api.schema import ApiModel
from tests.edge_operator.api.shapes import ANYTHING, shaped


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
