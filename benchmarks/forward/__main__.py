"""Forwarding to the cloud and to Kafka in one run: drain, delays, CPU, bytes, memory; prints a table.

Run by `make bench-forward`, or `python -m benchmarks.forward [--python images|PATH] [--millions 1] [--only live]`.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.forward.backlog import drain
from benchmarks.forward.live import live
from benchmarks.forward.plan import Plan
from benchmarks.path.image_python import python_of
from benchmarks.table import Row, print_table

SECTIONS: tuple[tuple[str, str, Callable[[Plan], Iterator[Row]]], ...] = (
    ("cloud", "A backlog for the cloud, by HTTPS", partial(drain, name="cloud")),
    ("kafka", "A backlog for Kafka, with TLS and SASL", partial(drain, name="kafka")),
    ("live", "Live readings with each combination of sinks", live),
)
NOTE = """
CPU is user and system time of processor and store; the receiver, Kafka, Mosquitto and the devices share the cores with
them. Bytes on the wire are those that the receiver's connections got, with TLS and the headers of IP and TCP.
"""


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forward", description=__doc__)
    parser.add_argument("--python", default="images", help="interpreter of the programs; `images`: that of the images")
    parser.add_argument("--directory", type=Path, help="where the store's disk is; a temporary directory by default")
    parser.add_argument("--millions", type=float, default=1.0, help="readings of the backlog, in millions")
    parser.add_argument("--rate", type=float, default=1000.0, help="live readings a second")
    parser.add_argument("--seconds", type=float, default=15.0, help="length of each load with a rate")
    parser.add_argument("--only", default=",".join(name for name, _, _ in SECTIONS), help="sections, by comma")
    options = parser.parse_args()
    backlog = int(options.millions * 1e6)
    plan = Plan(python_of(options.python), options.directory, backlog, options.rate, options.seconds)
    print(f"programs run by {plan.python}")
    for name, title, section in SECTIONS:
        if name in options.only.split(","):
            print_table(title, list(section(plan)))
            sys.stdout.flush()
    print(NOTE)


if __name__ == "__main__":
    main()
