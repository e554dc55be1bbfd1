"""Removing what others have added to content that is exactly ours."""

from .observed import Observed


def without_foreign(seen: Observed) -> dict[str, object]:
    """Return the merge patch that removes what others have added to content that is exactly ours."""
    patch: dict[str, object] = {"metadata": {"uid": seen.uid}}
    for path in seen.foreign:
        _nullify(patch, [step[2:] for step in path if step.startswith("f:")])
    return patch


def _nullify(patch: dict[str, object], fields: list[str]) -> None:
    *parents, last = fields
    for parent in parents:
        below = patch.setdefault(parent, {})
        if not isinstance(below, dict):
            return
        patch = below
    patch[last] = None
