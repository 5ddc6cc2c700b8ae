"""`make bench-reliability`: attacks the product; writes docs/benchmarks/reliability.md and .json.

Each attack is a module of this package with one function `rows(scale)`. Small attacks are printed
and never written to the page.
"""

from __future__ import annotations

import json
import pkgutil
import sys
import time
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path

from rich.console import Console

from benchmarks import reliability
from benchmarks.harness.figures import Row
from benchmarks.harness.figures_page import About, earlier_rows, write
from benchmarks.reliability.attack import Scale

COMMAND = "make bench-reliability"
NO_ATTACKS = {"__main__", "attack"}
PAGE = "reliability"
ABOUT = About(
    title="Reliability under attack",
    measured="Kills, full and failing disks, mutated files, broken dependencies, fuzzed requests, "
    "overload, two services and wrong clocks, against the product as it is installed.",
    intervals="Figures are counts of trials that failed, unless a row says otherwise.",
    command=COMMAND,
)


def attack_names() -> list[str]:
    """Names of all attacks: modules of this package that attack."""
    found = {m.name for m in pkgutil.iter_modules(reliability.__path__) if not m.ispkg}
    return sorted(found - NO_ATTACKS)


def attacked(name: str, scale: Scale) -> list[Row]:
    """Rows of one attack."""
    return import_module(f"benchmarks.reliability.{name}").rows(scale)


def rows_with_earlier(rows: list[Row], names: list[str]) -> list[Row]:
    """Rows of a page: those of these attacks, and of others as the page has them."""
    kept = [r for r in earlier_rows(PAGE) if r["id"].split("-", maxsplit=1)[0] not in names]
    return sorted(kept + rows, key=lambda r: r["id"].split("-", maxsplit=1)[0])


def main() -> int:
    """Run attacks; exit code 1 where a target is missed."""
    parser = ArgumentParser(
        prog="python -m benchmarks.reliability",
        description=__doc__,
        epilog="Example: python -m benchmarks.reliability kills --small",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="Attacks; all where none is named."
    )
    parser.add_argument("--small", action="store_true", help="A slice that takes seconds.")
    parser.add_argument("-o", "--output", type=Path, help="Write the rows here, not to the page.")
    given = parser.parse_args()
    unknown = sorted(set(given.names) - set(attack_names()))
    if unknown:
        parser.error(f"no attack {', '.join(unknown)}; there are: {', '.join(attack_names())}")
    names, scale = given.names or attack_names(), Scale.SMALL if given.small else Scale.FULL
    say, rows = Console().print, []
    for name in names:
        say(f"attack: {name}")
        started = time.monotonic()
        found = attacked(name, scale)
        say(f"  {time.monotonic() - started:,.0f} s")
        rows += found
        for r in found:
            met = {True: "met", False: "MISSED", None: "-"}[r["holds"]]
            say(f"  {met}  {r['id']}: {r['value']} ({r['goal']})  {r.get('why', '')}")
    if given.output:
        given.output.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", "utf-8")
    elif scale is Scale.FULL:
        write(PAGE, ABOUT, rows_with_earlier(rows, names))
    return int(any(r["holds"] is False for r in rows))


if __name__ == "__main__":
    sys.exit(main())
