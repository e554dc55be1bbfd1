"""docs/troubleshoot.md: its alert rules use metrics that the operator has."""

import re

import yaml

from edge_operator.telemetry.metrics import Metrics
from tests.support.sources import ROOT

PAGE = (ROOT / "docs/troubleshoot.md").read_text()


def test_alert_rules_use_metrics_of_the_operator() -> None:
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    groups = yaml.safe_load(text)["spec"]["groups"]
    expressions = [rule["expr"] for group in groups for rule in group["rules"]]
    used = {name for each in expressions for name in re.findall(r"\bedge_\w+", each)}
    assert used
    assert used <= {metric.name for metric in Metrics().registry.collect()}
