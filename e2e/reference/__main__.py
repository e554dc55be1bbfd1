"""`python -m e2e.reference [--check]`: writes docs/api-reference.md, or checks that it is up to date."""

import argparse
import sys

from e2e.reference.page import PAGE, render


def main(arguments: list[str]) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m e2e.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is out of date")
    text = render()
    if parser.parse_args(arguments).check:
        current = PAGE.is_file() and PAGE.read_text() == text
        if not current:
            print(f"{PAGE} is not what operator/edge_operator/api says: run `make generate`", file=sys.stderr)
        return 0 if current else 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
