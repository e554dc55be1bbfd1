"""The processor's alert rules, and its rules for forwarding, as files."""

import json
from collections.abc import Sequence

from pydantic import BaseModel

from edge_operator.desired import components, defaults
from edge_operator.desired.encoding import as_given
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name, metadata

KEY = "rules.json"
FORWARDING_KEY = "forwarding.json"


def rules_config_map(site: SiteInput) -> Manifest:
    """Return the ConfigMap: the rules of the spec, also an empty list, or the defaults; what is forwarded, if given."""
    given, forwarding = site.spec.processor.rules, site.spec.forwarding
    files = {KEY: _file("rules", defaults.RULES if given is None else given)}
    if forwarding:
        files[FORWARDING_KEY] = _file("forwarding", forwarding)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(site, components.PROCESSOR, child_name(site, components.PROCESSOR)),
        "data": files,
    }


def _file(name: str, entries: Sequence[BaseModel]) -> str:
    listed = [as_given(each) for each in entries]
    return json.dumps({name: listed}, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
