"""The machine's limit of inotify instances per user: several nodes need more than the 128 that a kernel starts with.

With none left, containerd starts without its CRI plugin and kubelets end ("unknown service runtime.v1.RuntimeService").
"""

from collections.abc import Callable
from pathlib import Path

LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")
NEEDED = 1024


def ensure(say: Callable[[str], object], limit: Path = LIMIT) -> None:
    """Raise the limit to `NEEDED` if it is lower, and say so: it stays until the next boot.

    Args:
        say: gets one line if something was changed.
        limit: the file of the setting, as in proc(5).
    """
    before = int(limit.read_text())
    if before < NEEDED:
        limit.write_text(str(NEEDED))
        say(f"raised fs.inotify.max_user_instances from {before} to {NEEDED}, until the next boot")
