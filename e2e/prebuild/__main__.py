"""`python -m e2e.prebuild`: builds everything that the tests need and the cache lacks, while other tests run.

Standard output gets a line at the begin and at the end of each build, with its seconds; the builders' own progress goes
to standard error. A test that needs something in the meantime waits for it. This process ends when its parent ends, and
what it had begun is never used. The exit status is 1 if something could not be built: its line says why.
"""

import os
import signal
import sys

from e2e.cluster.steps import Steps
from e2e.prebuild.parent import end_with_parent
from e2e.prebuild.plan import Plan


def main() -> int:
    """Build what is missing; the exit status."""
    end_with_parent()
    # An interrupt ends all threads at once: what they were building is given up as after a SIGKILL.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return Plan(os.environ, Steps()).run()


if __name__ == "__main__":
    sys.exit(main())
