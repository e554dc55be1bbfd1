"""`python -m e2e.images build [NAME...]`: builds images of this checkout and says where their archives are."""

import argparse
import sys
import time

from e2e.cluster.errors import HarnessError
from e2e.images.build import ensure_images
from e2e.images.catalogue import NAMES, image_of


def main(arguments: list[str]) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m e2e.images", description=__doc__)
    build = parser.add_subparsers(required=True).add_parser("build", help="build images")
    build.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(NAMES)}; all by default")
    names = parser.parse_args(arguments).names or list(NAMES)
    began = time.monotonic()
    try:
        archives = ensure_images(names)
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    for name, archive in archives.items():
        print(f"{archive.stat().st_size / 1e6:6.1f} MB  {image_of(name).reference}  {archive}")
    print(f"{len(archives)} images in {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
