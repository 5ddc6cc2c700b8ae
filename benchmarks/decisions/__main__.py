"""Write docs/benchmarks/decisions.{md,json} with the models that `benchmarks.end_to_end` trains."""

from __future__ import annotations

from datetime import timedelta

from rich.console import Console

from benchmarks.decisions import duties, mutation, tampering, twenty_worlds
from benchmarks.end_to_end import DAYS, UNSEEN_SEED
from benchmarks.harness import worlds
from benchmarks.harness.command_line import refuse_arguments
from benchmarks.harness.figures_page import About, write
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy

ABOUT = About(
    title="Decisions on twenty unseen worlds",
    measured="Tiers and corrected figures of worlds 900 to 919 by models of world 101; replay, "
    "tampering, mutants and duties.",
    intervals="Intervals are bootstrap intervals over worlds.",
    records=("0177-decision-figures.md",),
)


def main() -> None:
    """Measure and write the page."""
    refuse_arguments(__doc__, "python -m benchmarks.decisions")
    say = Console().print
    models = (worlds.OUTPUT_FOLDER / "models").resolve()
    lake = worlds.simulated_lake("medium", UNSEEN_SEED)
    nightly(lake, worlds.START + timedelta(days=DAYS - 1), models, load_policy())
    rows = (
        twenty_worlds.rows(models, say)
        + tampering.rows(lake, say)
        + mutation.rows(say)
        + duties.rows(lake.resolve(), models, say)
    )
    write("decisions", ABOUT, rows)
    say("docs/benchmarks/decisions.md")


if __name__ == "__main__":
    main()
