"""The files of ours as people read them in the ConfigMaps: what a parser does not see."""

from typing import Any

import pytest

from tests.edge_operator.desired.sites import children

RULES = """{
  "rules": [
    {
      "above": "80",
      "for": "0s",
      "name": "hot",
      "sensorType": "Öl-Temperatur",
      "severity": "Warning"
    }
  ]
}
"""


def data(name: str, spec: dict[str, Any]) -> dict[str, str]:
    return dict(children(spec)["ConfigMap", name]["data"])


def test_rules_are_laid_out_for_people() -> None:
    spec = {"processor": {"rules": [{"sensorType": "Öl-Temperatur", "name": "hot", "above": "80"}]}}
    assert data("processor", spec) == {"rules.json": RULES}


def test_default_rules_have_names_that_alerts_carry() -> None:
    assert [line.strip() for line in data("processor", {})["rules.json"].splitlines() if '"name"' in line] == [
        '"name": "temperature-high",',
        '"name": "pressure-high",',
        '"name": "humidity-high",',
    ]


@pytest.mark.parametrize("key", ["mosquitto.conf", "acl"])
def test_files_of_the_broker_have_whole_lines_and_no_gaps(key: str) -> None:
    text = data("mqtt", {})[key]
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\n\n\n" not in text
    assert all(line == line.strip() for line in text.splitlines())


def test_access_rules_are_written_as_mosquitto_reads_them() -> None:
    client = {"name": "scada", "subscribe": ["a&b/<c>/'d'"], "publish": ["line/+/set"]}
    text = data("mqtt", {"broker": {"managed": {"clients": [client]}}})["acl"]
    assert text.endswith("\nuser ~scada\ntopic deny devices/~scada/#\ntopic read a&b/<c>/'d'\ntopic write line/+/set\n")
    assert "\npattern write devices/%u/data\npattern write devices/%u/status\n" in text
