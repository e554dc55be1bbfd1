"""The processor's alert rules, as a file."""

import json

from edge_operator.desired import components, defaults
from edge_operator.desired.encoding import as_given
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name, metadata

KEY = "rules.json"


def rules_config_map(site: SiteInput) -> Manifest:
    """Return the ConfigMap: the rules of the spec, also an empty list, or the defaults."""
    given = site.spec.processor.rules
    rules = [as_given(rule) for rule in (defaults.RULES if given is None else given)]
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(site, components.PROCESSOR, child_name(site, components.PROCESSOR)),
        "data": {KEY: json.dumps({"rules": rules}, indent=2, sort_keys=True, ensure_ascii=False) + "\n"},
    }
