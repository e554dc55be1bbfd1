"""What chart, sinks and images are checked with, from pinned Go modules; each has a folder in `modules/`."""

from pathlib import Path

from e2e.cluster import build
from e2e.cluster.errors import HarnessError
from e2e.cluster.sources import Source

MODULES = Path(__file__).parent / "modules"


class ToolSource(Source):
    """A program that is built as it is, beside those of a cluster."""

    @property
    def directory(self) -> Path:
        """Where go.mod is."""
        return MODULES / self.name


HELM = ToolSource(
    name="helm",
    title="Helm",
    version="v4.3.1",
    module="helm.sh/helm/v4",
    programs=("helm",),
    usual="2 min",
    variables=(("helm.sh/helm/v4/internal/version.version", "v4.3.1"),),
)
KUBECONFORM = ToolSource(
    name="kubeconform",
    title="kubeconform",
    version="v0.8.0",
    module="github.com/yannh/kubeconform",
    programs=("kubeconform",),
    usual="10 s",
    variables=(("main.version", "v0.8.0"),),
)
KUBE_SCORE = ToolSource(
    name="kube-score",
    title="kube-score",
    version="v1.20.0",
    module="github.com/zegl/kube-score",
    programs=("kube-score",),
    usual="half a minute",
    variables=(("main.version", "v1.20.0"),),
)
# The last version that has its web pages in the module: later ones build them with Node.js.
ALERTMANAGER = ToolSource(
    name="alertmanager",
    title="Alertmanager",
    version="v0.31.1",
    module="github.com/prometheus/alertmanager",
    programs=("alertmanager",),
    usual="1 to 2 min",
    variables=(("github.com/prometheus/common/version.Version", "0.31.1"),),
)
REGISTRY = ToolSource(
    name="registry",
    title="the registry",
    version="v3.0.0",
    module="github.com/distribution/distribution/v3",
    programs=("registry",),
    usual="1 to 2 min",
    variables=(("github.com/distribution/distribution/v3/version.version", "v3.0.0"),),
)
TOOLS = {source.name: source for source in (HELM, KUBECONFORM, KUBE_SCORE, ALERTMANAGER, REGISTRY)}


def ensure_tool(name: str) -> Path:
    """Return a program of exactly the pinned sources, built if it is not in the cache.

    Raises:
        HarnessError: there is no such tool, Go is missing or too old, or the build failed.
    """
    if name not in TOOLS:
        raise HarnessError(f"no tool {name!r}: {', '.join(TOOLS)} are built here")
    return build.ensure(TOOLS[name]) / name
