"""Where things are in this checkout, and which of its programs are used."""

import hashlib
import sysconfig
from pathlib import Path

from e2e.cluster.errors import HarnessError

ROOT = Path(__file__).resolve().parents[2]
EDGE = ROOT / ".edge"


def checkout_hash(root: Path = ROOT) -> str:
    """Eight hex digits that are different for each checkout on a machine."""
    return hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:8]


def kubectl_binary() -> Path:
    """The kubectl installed in this Python environment.

    Raises:
        HarnessError: it is not installed.
    """
    found = Path(sysconfig.get_path("scripts")) / "kubectl"
    if not found.exists():
        raise HarnessError(f"there is no {found}: install the development tools, `pip install -e '.[dev]'`")
    return found
