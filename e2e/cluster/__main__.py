"""`python -m e2e.cluster up|down|status|build`: the cluster of this checkout."""

import argparse
import os
import sys
from pathlib import Path

from e2e.cluster import build
from e2e.cluster.checkout import EDGE
from e2e.cluster.errors import HarnessError
from e2e.cluster.lifecycle import Edge
from e2e.cluster.sources import KUBE, NODE_SOURCES
from e2e.cluster.steps import Steps

COMMANDS = {
    "up": "bring the cluster up; CLUSTER=kind, node or controlplane, by default the first of them that can be here",
    "down": "end it and remove its state",
    "status": "say what runs; ends with 1 if that is not a whole cluster",
    "build": "build the programs of cluster and node and print where they are",
}


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m e2e.cluster", description=__doc__)
    parser.add_argument("--directory", type=Path, default=EDGE, help="where its state is kept (.edge)")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in COMMANDS.items():
        commands.add_parser(name, help=text)
    return parser.parse_args(arguments)


def _run(command: str, edge: Edge) -> int:
    if command == "up":
        edge.up()
    elif command == "down":
        edge.down()
    elif command == "build":
        for source in (*NODE_SOURCES, KUBE):
            print(build.ensure(source))
    else:
        return 0 if edge.status() else 1
    return 0


def main(arguments: list[str]) -> int:
    """Run a command; its exit status."""
    chosen = _arguments(arguments)
    try:
        return _run(chosen.command, Edge(chosen.directory.resolve(), os.environ, Steps()))
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; nothing of this start is left running", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
