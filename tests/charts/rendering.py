"""What the chart renders, and the operator's RBAC to hold it against."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from e2e.tools.helm import CHART, NAMESPACE, RELEASE, Helm

Manifest = dict[str, Any]
RBAC_FILE = CHART / "files" / "operator-rbac.yaml"


@dataclass(frozen=True)
class Rendering:
    """The manifests of one values file.

    Attributes:
        values: the values file over the chart's defaults.
        text: what helm printed.
    """

    values: Manifest
    text: str

    @cached_property
    def objects(self) -> list[Manifest]:
        """Every manifest."""
        return [each for each in yaml.safe_load_all(self.text) if each]

    def of_kind(self, kind: str) -> list[Manifest]:
        """The manifests of a kind."""
        return [each for each in self.objects if each["kind"] == kind]

    def one(self, kind: str) -> Manifest:
        """The only manifest of a kind."""
        (found,) = self.of_kind(kind)
        return found

    @property
    def pod(self) -> Manifest:
        """The template of the operator's pods."""
        template: Manifest = self.one("Deployment")["spec"]["template"]
        return template

    @property
    def environment(self) -> dict[str, Any]:
        """The variables of the operator's container; those from elsewhere as they are given."""
        env = self.pod["spec"]["containers"][0]["env"]
        assert len({each["name"] for each in env}) == len(env)
        return {each["name"]: each.get("value", each.get("valueFrom")) for each in env}

    @property
    def name(self) -> str:
        """The name of the operator's objects."""
        return self.values["fullnameOverride"] or "edge-operator"

    @property
    def service_account(self) -> str:
        """The name of the operator's service account."""
        return self.values["serviceAccount"]["name"] or self.name


def render(helm: Helm, *files: Path, settings: Iterable[str] = (), namespace: str = NAMESPACE) -> Rendering:
    """Render the chart with values files and `--set`s; cached, so never change it."""
    return _render(helm, files, tuple(settings), namespace)


@cache
def _render(helm: Helm, files: tuple[Path, ...], settings: tuple[str, ...], namespace: str) -> Rendering:
    arguments = [f"--values={path}" for path in files] + [f"--set={each}" for each in settings]
    text = helm("template", RELEASE, str(CHART), "--namespace", namespace, *arguments)
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    for path in files:
        values = _over(values, yaml.safe_load(path.read_text()))
    return Rendering(values, text)


def _over(below: Manifest, above: Manifest) -> Manifest:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(below.get(key), dict)
        merged[key] = _over(below[key], value) if both else value
    return merged


def rbac_file() -> list[Manifest]:
    """Return the objects of the file that the operator's tests run under."""
    return list(yaml.safe_load_all(RBAC_FILE.read_text()))


def of_operator(objects: Iterable[Manifest]) -> list[Manifest]:
    """Return the objects without the roles of users."""
    return [each for each in objects if each["metadata"]["labels"]["app.kubernetes.io/component"] == "operator"]


def rules(objects: Iterable[Manifest], kind: str) -> dict[str, list[Manifest]]:
    """Return the rules of Roles or ClusterRoles by name."""
    return {each["metadata"]["name"]: each["rules"] for each in objects if each["kind"] == kind}
