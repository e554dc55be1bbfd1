"""`python -m e2e.tools [NAME …]`: build the tools (all by default) and print where they are."""

import argparse
import sys

from e2e.cluster.errors import HarnessError
from e2e.tools.sources import TOOLS, ensure_tool


def main(arguments: list[str]) -> int:
    """Build the named tools; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m e2e.tools", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(TOOLS))
    try:
        for name in parser.parse_args(arguments).names or TOOLS:
            print(ensure_tool(name))
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
