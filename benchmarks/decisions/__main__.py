"""Writes docs/benchmarks/decisions.md and .json; needs the models that `benchmarks.slice` trains."""

from __future__ import annotations

from datetime import timedelta

from rich.console import Console

from benchmarks import worlds
from benchmarks.decisions import duties, many, mutation, tampering
from benchmarks.page import write
from benchmarks.slice import DAYS, UNSEEN
from serving.nightly import nightly
from serving.policy import load_policy

TEXT = """
Models of seed 101 (`medium`), worlds of seeds 900 to 919 (`small`), none of which was looked at while the models or the policy were made.
Truth of a figure: counted rows less planted ones. The bound on false discoveries holds on average where honest operators of a world look
like those of the yardstick; these worlds are smaller than the one it was made from. Mutants: every change of an operator, constant or
return in the file by the rules of mutmut, against the tests of tiers and policy alone.
"""


def main() -> None:
    say = Console().print
    models = (worlds.OUT / "models").resolve()
    lake = worlds.made("medium", UNSEEN)
    nightly(lake, worlds.START + timedelta(days=DAYS - 1), models, load_policy())
    rows = many.rows(models, say) + tampering.rows(lake, say) + mutation.rows(say) + duties.rows(lake.resolve(), models, say)
    write("decisions", "Decisions", rows, TEXT)
    say("docs/benchmarks/decisions.md")


if __name__ == "__main__":
    main()
