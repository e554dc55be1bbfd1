"""Programs that chart, sinks and images are checked with, built from pinned sources: `ensure_tool("helm")`."""

from e2e.tools.sources import TOOLS, ensure_tool

__all__ = ["TOOLS", "ensure_tool"]
