"""What generalises: models and nights on a second simulator, of other mechanics and made by other code, that nothing was taught on."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

from benchmarks.detection.single_views import false_views
from benchmarks.end_to_end import DAYS, beside_weeks
from benchmarks.harness import worlds
from benchmarks.harness.figures_page import figure_row, row, share_row, takes_nothing, write
from benchmarks.harness.judgement import (
    Judged,
    Judgement,
    judgement,
    planted_and_found,
    told_of_operators,
)
from benchmarks.transfer.missing_tables import without_views
from benchmarks.transfer.tier_outcomes import night, prevalences
from features.declaration import OPERATOR, VIEW
from features.engine.snapshot import Snapshot
from training.evaluation.metrics import average_precision
from training.models.registry import MODELS
from training.release.artefact import load
from training.train import train

COMMAND = "python -m benchmarks.market"
TAUGHT, UNSEEN = 20, (21, 22)  # 11 and 12 were looked at while models were changed
PREVALENCES = {23: 0.0, 24: 0.03, 25: 0.45}  # markets by the share of operators that cheat
HONEST = (920, 921, 922)  # worlds of the first simulator in which nobody does
SURE = 0.5
AS_OF = datetime.combine(worlds.START, datetime.min.time()) + timedelta(days=DAYS)
console = Console()


def scores(
    models: Path, lake: Path, who: str, controls: tuple[str, ...]
) -> tuple[list[dict[str, Any]], Judged]:
    """Average precision of each model, and how many of those it gives even odds or more are cheats; and what was judged."""
    rows: list[dict[str, Any]] = []
    kept: Judged = {}
    for model in MODELS:
        if model.entity == VIEW:
            continue
        console.print(f"{lake.name}: {model.name}, {who}")
        kept[model.name] = one = judgement(models, lake, model.name, AS_OF)
        guilty, group, home, tonight = one.guilty, one.owner, load(models, model.name), one.released
        values = one.signals[home.columns].to_numpy()
        showed = told_of_operators(kept) if model.entity == OPERATOR else None
        found = {**one.scorers(showed), "peers of the training night": home.raw(values)}
        for name in ("model", *(("own signals alone",) if not home.model.live else ()), *controls):
            figure = average_precision(guilty, found[name], group.reset_index(drop=True))
            words = {"model": who}.get(name, f"{who}, {name}" if name != "no labels" else name)
            rows.append(
                figure_row(
                    f"{lake.name}-{model.name}-{words}",
                    f"`{model.name}` on {lake.name}, {words}: average precision ({int(guilty.sum())} of {len(guilty)})",
                    figure,
                    COMMAND,
                )
            )
        for words, released in ((who, tonight), (f"{who}, peers of the training night", home)):
            if released is home and not controls:
                continue
            sure = (
                one.held(showed)[1] if released is tonight else home.probability(home.raw(values))
            ) >= SURE
            rows.append(
                share_row(
                    f"{lake.name}-{model.name}-sure-{words}",
                    f"`{model.name}` on {lake.name}, {words}: share of cheats among the {int(sure.sum())} given a probability of {SURE} or more",
                    guilty[sure],
                    COMMAND,
                    group=group.to_numpy()[sure],
                )
            )
    return rows, kept


def views(models: Path, lake: Path, who: str, sessions: Judgement) -> list[dict[str, Any]]:
    """Single views that are held false, by their attributes and their viewers' orders, in 800 sessions."""
    console.print(f"{lake.name}: single views, {who}")
    everyone = sessions.signals.index
    some = pd.Index(
        sorted(np.random.default_rng(7).choice(everyone, min(800, len(everyone)), replace=False))
    )
    found = false_views(
        models, Snapshot.open(lake, AS_OF), worlds.truth(lake, "views"), some, sessions
    )
    out = []
    for r in found:
        if r["id"] in ("views-precision", "views-recall"):
            why = "posteriors of views rest on those of their sessions, and of schemes that leave nothing on a view nothing is found"
            out.append(row(f"{lake.name}-{who}-{r['id']}", f"{lake.name}, {who}: {r['what']}", r["value"], COMMAND, r["goal"], r["interval"], why=why))  # fmt: skip
    return out


def mistaken(lake: Path, kept: Judged) -> str:
    """By scheme: recall at the score that one honest session or order in a hundred exceeds, by the models that are given."""
    lines = ["| scheme | planted | found |", "|---|---|---|"]
    for name in ("session_inflation", "order_brushing"):
        met = planted_and_found(lake, kept[name])
        lines += [
            f"| {scheme} | {len(g)} | {g['found'].mean():.2f} |"
            for scheme, g in met.groupby("scheme")
        ]
    return "\n".join(lines)


TEXT = """
A second simulator (`simulation/market/`) was written from the contracts and the duties alone, with other mechanics: viewers open the app and swipe through rooms that run at that moment, so that every sixth honest view lasts three seconds at most and
most accounts are seen in many rooms an hour; neighbourhoods and mobile towers share network prefixes; lotteries make everybody write one word within a minute; famous guests bring crowds of which no table tells; warehouses serve several shops.
Fraud is sold by vendors, each with its own pool, devices, network and habits; a pool may send each account once only. Its author knew the detectors, so it is not an outsider's: what it shows is what does not carry over.

## How to read the rows

- **Models of the first simulator** are those of `make bench`, carried here. **Models taught on market-20** learnt from the market's own verdicts (some 350 on sessions). **No labels** is the deviance from peers, **no models** a night that has none.
- **Own signals alone** leaves out what an operator's other sessions and orders, and single views, add. **Peers of the training night** are the same trees with the yardstick they were taught with: what a model does that does not compare with the same night.
- **Without single views** are the same markets with counters by minute, interactions and orders alone: single views are what a platform is least likely to deliver. The model of running sessions stands in there (`serving/scoring/nightly_scores.py`).
- **Running** sessions are judged by their minutes, alone and beside what their operators' earlier sessions had shown.

## What changed, and what it did here

Of carried models, on market-21 and market-22: average precision, single views at a posterior of .7 or more, and operators reviewed. Each step was chosen elsewhere (below) and judged here once after it; a dash was not measured then.

| step | sessions | orders | operators | views: precision | recall | of 100 that cheat reviewed | honest of 831 |
|---|---|---|---|---|---|---|---|
| models that read values (until 2026-11-25) | .38 (seed 12) | - | - | - | - | - | 18 of 100 (seed 12) |
| compared with the same night's peers | .925, .903 | - | .820, .868 | - | - | 31, 43 | 4 |
| shares of few observations shrunk; nights teach the live model | .935, .915 | - | .839, .901 | - | - | 45, 53 | - |
| how far its sessions lie out tells of an operator (policy 2026.7) | .957, .933 | .779, .744 | - | - | .39, .56 | 60, 63 | 0 |
| an operator's other sessions and orders weigh; conformal test (2026.8) | .969, .940 | - | - | .90, .92 | .42, .84 | 65, 63 | 0 |
| single views weigh; accounts are known by other rooms (2026.9) | .976, .969 | .791, - | - | .90, .94 | .44, .87 | - | 0 |
| an inflated session teaches what its false views look like | .976, .969 | - | - | .90, .95 | .47, .91 | - | - |
| taught by harder worlds (chat groups, resellers; 2026.11) | .950, .924 | .840, - | - | **.31, .83** | .38, .78 | - | 1 |
| views and audiences compared anew | .986, .953 | .840, .795 | .948, .953 | .989, .964 | .43, .77 | - | 0 |
| operators too are compared by how many viewers buy (2026-11-27) | .987, .953 | .840, .795 | .957, .956 | .989, .966 | .43, .80 | 61, 64 | 0 |
| trees leave a doubt of what no verdict showed them (policy 2026.12) | .991, .954 | .840, .795 | .956, .956 | .982, .965 | .44, .78 | 61, 63 | 0 |
| what is rare of an order is added (2026-11-28); all models taught again on another processor | .991, .954 | .838, .806 | .957, .956 | .984, .966 | .44, .80 | 61, 63 | 0 |

The fall under harder worlds was the classifier of views and not what the worlds taught: without their chat groups it was as bad (average precision view by view .42 and .59 on markets 31 and 32, against .32 and .54 with them, .70 and .89 for the models of before). Two attributes had made it a matter of luck, the share of a session's
views that came in by one way and the views of a network prefix, of which a market has more or less everywhere. It now reads how many times as many came in so as is usual that night, and how far the prefix exceeds its share of all views (`features/signals/views/entry_channels.py`); more of what is suspicious never makes a view look better; no room teaches
more than 300 views.

## What is missed

- **Single views: recall.** What is missed lies in sessions that are not held inflated, and of schemes that leave nothing on a view nothing is found.
- **Orders refunded within minutes** are missed on market-21, where one operator buys most of them, hostile brushing everywhere.
- **The market's own models** review fewer who cheat since policy 2026.8 (65 and 64 of 100; 75 and 74 before): some 200 examples of honesty cannot say that one in two hundred is rare, and two of them have to be beaten.
- **Where 45 of 100 cheat** a night is too careful, for their scores widen what is taken for usual. A floor under the spreads that models read was tried, and cost carried models a hundredth to three of average precision.
- **Where nobody cheats** some honest operator lies out by what is rare, and models and their examples of honesty are of another platform: two of 160 on world 921 are reviewed. One each on worlds 921 and 922 stood in D until operators were compared by how many viewers buy; that it was this and not another draw of trees was not shown.
- **Running sessions** given .3 or more are a matter of calibration, which moves with each model that teaches: .60, .62 of the inflated by minutes, .52, .42, .60, .50 and .58, .51 now; of the honest .013, .016, then .007, .007, .011, .008, and .013, .016. They are ranked alike (.68, .67, .69, .66, .69, .67, .68, .65).
- **The model of sessions where no single view is known** ranks worse with the doubt (.56, .48 to .44, .41, and .39, .39 as taught on another processor): its trees clear less, and the deviance that is left there says little. A night does not ask it there.

## What was chosen where

Markets 11 to 16 and 31 to 34, worlds 303 and 505, small 31 to 46, and lakes of a third platform that is not in the repository were looked at while models and policies were changed. Of the worlds of this page, seed 20 gives verdicts that teach, 21 and 22 and the nights of 23 to 25 and 920 to 922 are judged: after each
change, not while it is made. Two mends came of looking at judged ones: one buyer who placed three orders within an hour counts as one alarm (seen on 11 and 12, measured again here), and only what is beyond nearly all sessions held honest counts as a Bayes factor (chosen on 11 and 12, seen here first).
"""


def main() -> None:
    takes_nothing(__doc__, COMMAND)
    carried, rows, texts = worlds.OUT / "models", [], [TEXT]
    own = worlds.OUT / "models-market"
    shutil.rmtree(own, ignore_errors=True)
    train(worlds.market(TAUGHT), own, AS_OF, progress=console.print)
    for seed in UNSEEN:
        lake = worlds.market(seed)
        found, by_carried = scores(
            carried,
            lake,
            "models of the first simulator",
            ("no labels", "peers of the training night"),
        )
        more, by_own = scores(own, lake, f"models taught on market-{TAUGHT}", ())
        rows += found + more
        rows += beside_weeks(carried, lake, COMMAND)
        console.print(f"{lake.name}: without views")
        rows += without_views(carried, lake, AS_OF, COMMAND)
        rows += views(
            carried, lake, "models of the first simulator", by_carried["session_inflation"]
        )
        rows += views(own, lake, f"models taught on market-{TAUGHT}", by_own["session_inflation"])
        for which, who in (
            (carried, "models of the first simulator"),
            (own, f"models taught on market-{TAUGHT}"),
            (None, "no models"),
        ):
            console.print(f"{lake.name}: a night, {who}")
            rows += night(which, lake, who, COMMAND)
        for kept, who in (
            (by_carried, "Models of the first simulator"),
            (by_own, f"Models taught on market-{TAUGHT}"),
        ):
            head = f"## {lake.name} by scheme: {who}\n\nRecall at the score that 1 % of the honest exceed.\n\n"
            texts.append(head + mistaken(lake, kept))
    for seed, share in PREVALENCES.items():
        console.print(f"market-{seed}: nights where {share:.0%} cheat")
        rows += prevalences(
            carried, worlds.market(seed, share), f"where {share:.0%} of operators cheat", COMMAND
        )
    for seed in HONEST:
        console.print(f"honest-{seed}: nights where nobody cheats")
        rows += prevalences(carried, worlds.honest(seed), "where nobody cheats", COMMAND)
    write("market", "Another platform, measured", rows, "\n\n".join(t.strip() for t in texts))
    console.print("docs/benchmarks/market.md")


if __name__ == "__main__":
    main()
