"""`python -m e2e.images build|push`: builds the images of this checkout, or pushes them to a registry."""

import argparse
import sys
import time

from e2e.cluster.errors import HarnessError
from e2e.images.build import ensure_images
from e2e.images.catalogue import NAMES, image_of
from e2e.images.push import push


def main(arguments: list[str]) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m e2e.images", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command")
    building = commands.add_parser("build", help="build images")
    pushing = commands.add_parser("push", help="build images and push them to a registry")
    pushing.add_argument("registry", help="host and path, such as registry.example.com/edge")
    for command in (building, pushing):
        command.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(NAMES)}; all by default")
    options = parser.parse_args(arguments)
    names = options.names or list(NAMES)
    try:
        if options.command == "push":
            _push(options.registry, names)
        else:
            _build(names)
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _build(names: list[str]) -> None:
    began = time.monotonic()
    archives = ensure_images(names)
    for name, archive in archives.items():
        print(f"{archive.stat().st_size / 1e6:6.1f} MB  {image_of(name).reference}  {archive}")
    print(f"{len(archives)} images in {time.monotonic() - began:.1f} s")


def _push(registry: str, names: list[str]) -> None:
    pushed = push(registry, names)
    print("\n".join(pushed))
    print(f"{len(pushed)} images are in the registry. Install the operator with --set imageRegistry={registry}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
