"""`python -m e2e.bundle [DIRECTORY]`: writes the bundle for sites without internet, `.edge/bundle` by default."""

import argparse
import sys
from pathlib import Path

from e2e.bundle.write import write_bundle
from e2e.cluster.checkout import EDGE
from e2e.cluster.errors import HarnessError
from e2e.images.build import ensure_images


def main(arguments: list[str]) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m e2e.bundle", description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, default=EDGE / "bundle", help="where the bundle goes")
    try:
        path = write_bundle(ensure_images(), parser.parse_args(arguments).directory)
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{path.stat().st_size / 1e6:.0f} MB  {path}")
    print(f"At the site: tar -xf {path.name} && cd {path.stem} && ./edge-stack-bundle load")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
