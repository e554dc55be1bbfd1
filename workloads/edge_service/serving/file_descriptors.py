"""The file descriptors of the process, which its connections share."""

import logging
import resource

RESERVED_FILES = 128
"""File descriptors that are left to files, logs and the connections that the process opens itself."""

MAX_FILES = 1 << 20
"""The number of file descriptors that an unlimited process is taken to have."""

logger = logging.getLogger(__name__)


def raise_file_limit() -> int:
    """Raise the limit of open files to what the process may have; return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError) as error:
            logger.warning("cannot raise the limit of open files from %d to %d: %s", soft, hard, error)
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_FILES if soft == resource.RLIM_INFINITY else soft


def share(wanted: int, files: int, parts: int) -> int:
    """Return how many connections fit into a part of the file descriptors; at most `wanted`, and at least one.

    Args:
        wanted: number of connections.
        files: number of file descriptors of the process.
        parts: number of equal parts.
    """
    return max(1, min(wanted, (files - RESERVED_FILES) // parts))
