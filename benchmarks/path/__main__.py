"""The data path in one run: CPU, rate, delays, bytes, queries; prints a table.

Run by `make bench-path`, or `python -m benchmarks.path [--python images|PATH] [--millions 2] [--only mqtt,http]`.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.path.at_rest import stored
from benchmarks.path.by_http import http
from benchmarks.path.by_mqtt import default_limits, mqtt
from benchmarks.path.ekuiper import ekuiper
from benchmarks.path.image_python import python_of
from benchmarks.path.plan import Plan
from benchmarks.path.telegraf import telegraf
from benchmarks.table import Row, print_table

SECTIONS: tuple[tuple[str, str, Callable[[Plan], Iterator[Row]]], ...] = (
    ("mqtt", "Readings by MQTT, through processor and store", mqtt),
    ("limits", "A burst at the default limits of the broker", default_limits),
    ("http", "Readings by HTTP, through gateway and store", http),
    ("stored", "Stored readings of real sensor data", stored),
    ("telegraf", "Telegraf, with --telegraf", telegraf),
    ("ekuiper", "eKuiper, with --ekuiper", ekuiper),
)
NOTE = """
CPU is user and system time of the processes; judge it by ratios within one run. "Out" is the arrival at a subscriber on
`cloud/sensors` (QoS 1). The commit of a reading lies between `received_at` and "out" and cannot be seen from outside:
"publish → out" is an upper limit of "publish → commit", and has one hop of the broker more than it.
"""


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.path", description=__doc__)
    parser.add_argument("--python", default="images", help="interpreter of the programs; `images`: that of the images")
    parser.add_argument("--directory", type=Path, help="where the store's disk is; a temporary directory by default")
    parser.add_argument("--millions", type=float, default=2.0, help="readings of the filled store, in millions")
    parser.add_argument("--burst", type=int, default=100_000, help="number of readings of the burst")
    parser.add_argument("--seconds", type=float, default=15.0, help="length of each load with a rate")
    parser.add_argument("--telegraf", type=Path, help="a Telegraf to measure beside: see benchmarks/path/telegraf.py")
    parser.add_argument("--ekuiper", type=Path, help="an eKuiper to measure beside: see benchmarks/path/ekuiper.py")
    parser.add_argument("--only", default=",".join(name for name, _, _ in SECTIONS), help="sections, by comma")
    options = parser.parse_args()
    millions = int(options.millions * 1e6)
    python = python_of(options.python)
    plan = Plan(python, options.directory, millions, options.burst, options.seconds, options.telegraf, options.ekuiper)
    print(f"programs run by {plan.python}")
    for name, title, section in SECTIONS:
        if name in options.only.split(",") and (rows := list(section(plan))):
            print_table(title, rows)
            sys.stdout.flush()
    print(NOTE)


if __name__ == "__main__":
    main()
