"""`make bench-detection`: writes docs/benchmarks/detection.md and .json."""

from __future__ import annotations

import os
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.detection import peer_libraries, schemes
from benchmarks.end_to_end import DAYS, UNSEEN_SEED
from benchmarks.harness import worlds
from benchmarks.harness.command_line import refuse_arguments
from benchmarks.harness.figures import Row, share_row
from benchmarks.harness.figures_page import About, Table, write
from benchmarks.public_sets import graph_carriers, nab, suites, twitch
from data_contracts.adapters import ingest
from data_contracts.runs import read_outbound
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy

COMMAND = "make bench-detection"
ABOUT = About(
    title="Detection, compared with peer libraries",
    measured="Models of `make bench`, trained on verdicts of world 101, judged on world 202 by "
    "ground truth; detectors on public sets.",
    intervals="Intervals are bootstrap intervals over operators, sessions, shops or series, or "
    "Clopper-Pearson intervals of a share.",
    records=("0170-detection-figures.md", "0171-detection-limits.md"),
)
CIRCUMSTANCES = {
    "B": "Honest operators by circumstance: share reviewed (B or worse)",
    "D": "Honest operators by circumstance: share rejected (D)",
}


def honest_tiers(models: Path, say: Any) -> list[dict[str, Any]]:
    """Tiers of honest operators of the unseen world after one night, all and by circumstance."""
    say("tiers of honest operators")
    lake = worlds.simulated_lake("medium", UNSEEN_SEED)
    nightly(
        lake, worlds.START + timedelta(days=DAYS - 1), models, load_policy(), say=lambda _: None
    )
    decisions = read_outbound(lake, "tier_decisions").set_index("operator_id")
    honest, cheats = worlds.honest_and_cheats(lake, decisions["tier"])
    like = worlds.ground_truth(lake, "lookalikes")
    out = []
    for name, group in [
        ("any honest operator", honest),
        *((n, honest[honest.index.isin(g["operator_id"])]) for n, g in like.groupby("lookalike")),
    ]:
        if not len(group):
            continue
        for what, tiers_, goal in (
            ("reviewed (B or worse)", "BCD", "<= 0.01"),
            ("rejected (D)", "D", "<= 0.001"),
        ):
            hits = group.isin(list(tiers_))
            risks = decisions.loc[group.index[hits], "risk"].sort_values()
            why = (
                f"{len(risks)} of {len(group)}, at a risk of "
                f"{', '.join(f'{r:.2f}' for r in risks)} (review from .15); one operator of this "
                f"group is {1 / len(group):.3f}."
            )
            out.append(
                share_row(
                    f"lookalike-{name}-{tiers_[0]}",
                    f"{name}: share of {len(group)} {what}",
                    hits,
                    COMMAND,
                    goal,
                    why=why,
                    group=None if name == "any honest operator" else CIRCUMSTANCES[tiers_[0]],
                )
            )
    for name, tiers_ in (("reviewed (B or worse)", "BCD"), ("in C or D", "CD")):
        out.append(
            share_row(
                f"cheats-{tiers_}",
                f"Operators that cheat: share of {len(cheats)} {name}",
                cheats.isin(list(tiers_)),
                COMMAND,
            )
        )
    planted = worlds.ground_truth(lake, "operators")
    victims = set(planted.loc[planted["scheme"] == "hostile_brushing", "victim_id"].dropna()) & set(
        decisions.index
    )
    said = decisions.index[decisions["attribution"] == "third_party"]
    hit = said.isin(victims)
    what = (
        f"Hostile brushing: share of the {len(said)} operators said to be harmed by a rival that "
        f"are planted victims ({int(hit.sum())} of {len(victims)} victims are said)"
    )
    out.append(share_row("attribution-third-party", what, hit, COMMAND))
    return out


def retail(data: Path, folder: Path, say: Any) -> list[dict[str, Any]]:
    """Honest baskets: stores put up for review."""
    say("retail baskets")
    ingest("retail-baskets", data / "retail_baskets", folder)
    nightly(folder, date(2017, 6, 30), None, load_policy())
    tiers = read_outbound(folder, "tier_decisions")["tier"]
    why = (
        "without labels a store is reviewed when two of its signals lie far out among stores of "
        "its size"
    )
    return [
        share_row(
            "retail-reviewed",
            f"Honest retail baskets: share of {len(tiers)} stores reviewed",
            tiers != "A",
            COMMAND,
            "<= 0.01",
            why=why,
        )
    ]


def main() -> None:
    """Measure and write the page."""
    refuse_arguments(__doc__, "python -m benchmarks.detection")
    console = Console()
    data = Path(os.environ.get("STEELYARD_PUBLIC_DATA", "../shared/public_data"))
    models = worlds.OUTPUT_FOLDER / "models"
    rows: list[Row] = []
    tables: tuple[Table, ...] = ()
    if data.is_dir():
        rows += (
            graph_carriers.rows(data, console.print)
            + suites.rows(data, console.print)
            + nab.rows(data, console.print)
        )
        with tempfile.TemporaryDirectory() as scratch:
            rows += retail(data, Path(scratch), console.print)
        rows += twitch.rows(data, console.print)
    else:
        console.print(f"public data sets are not at {data}: their rows are left out")
    if models.is_dir():
        found, tables = schemes.rows(models, console.print)
        rows += found + honest_tiers(models, console.print) + peer_libraries.rows(console.print)
    else:
        console.print(
            f"no models at {models}: make bench trains them; the rows of simulated worlds are "
            "left out"
        )
    write("detection", ABOUT, rows, tables=tables)
    console.print("docs/benchmarks/detection.md")


if __name__ == "__main__":
    main()
