"""`make bench-detection`: writes docs/benchmarks/detection.md and .json."""

from __future__ import annotations

import os
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.detection import peer_libraries, schemes
from benchmarks.end_to_end import DAYS, UNSEEN
from benchmarks.harness import worlds
from benchmarks.harness.figures_page import share_row, takes_nothing, write
from benchmarks.public_sets import graph_carriers, nab, suites, twitch
from data_contracts.adapters import ingest
from data_contracts.runs import read_outbound
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy

COMMAND = "make bench-detection"
TEXT = """
Models are those of `make bench`: trained on verdicts of the wide world of seed 101 (1,800 operators), judged here on the medium one of seed 202 by planted truth. Intervals hold 90 %, unless a row says otherwise: bootstrap intervals over operators,
sessions, shops, series or whatever else comes as a whole, or of a share of single cases (Clopper and Pearson); a share of nothing or of all is bounded by how many such wholes there are. The row without one is a count.
Seeds: injected blocks and forged broadcasts 1 to 5; splits, trees, shuffled times, bots in minutes, single views' sessions and bootstraps 7 (trees without a scheme 7, 1 and 2); the published split of S-FFSD 2023.

## Read with this in mind

- **Shopee.** The marks are a published rule on the same columns, and the episode detector is that rule, written from its definition: its F1 says that the definition is met, not that brushing is solved.
- **GitHub.** The window of a day for lockstep was chosen after an hour had found three groups; its control is the same events with shuffled times. Every actor of that set acts within a single day, so none of its members can be met again later.
- **Blocks.** Shapes are those of the published figures; seed 0 of each carrier was looked at while the ensemble was written, seeds 1 to 5 are reported.
- **NAB** sets one threshold on its own windows, for every method. The burst alarm was tried in eight variants on these very series (smoothing, levels or logs, both sides or one, when the tail is first believed), so its rows are optimistic.
- **Twitch.** Trees of 7, 15 and 31 leaves were tried on the same broadcasts.
- **S-FFSD.** Forward in time the verdicts spread from old payments mislead.
- **Schemes never seen.** What one draw of trees finds of a scheme that it never saw is half chance: when kernels added up in another order, which moves two signals of thirty-six in their fifteenth digit, paid crowds fell from .76 to .55 of what is found with them. So these rows are the mean of three draws, with the least and the most.
  Single views are left out there, for their classifier was taught with all schemes. On another world the shares are others: comments .2 to .3 on world 303 without the signals of `features/signals/sessions/purchase_propensity.py`, .3 to .4 with them, though the page of world 202 fell from .71 to .56 when they were added.
- **Who gains from suspicious orders** looks that good because both simulators have rivals cancel within hours and rate one star, as the duties describe them; who does neither is not found. A shop that fails an hour of real buyers leaves the same traces; the answer is shown and moves no tier.
- **Sessions with bought orders** have brushers' false views and count neither as honest nor as asked for; rows `-brushed` count them as honest.

## What changed, and what it did here

World 202, each step chosen on other worlds and judged here once after it. Recall at 99 % precision of sessions inflated by 50 % and more and by 15 to 30 %, and of farms (in brackets the same trees taught by planted truth); schemes never seen as a share of what is found with them; single views.

| step | 50 % and more | 15 to 30 % | farms | crowds, rings, comments never seen | views: precision, recall |
|---|---|---|---|---|---|
| models compare with the same night | .960 | .818 | .689 (.833) | - | - |
| shares of few observations shrunk (`features/peers/shrinkage.py`) | .966 | .909 | .705 (.902) | -, .585, .97 | .972, .835 |
| an operator's other sessions and orders weigh (`features/posteriors/owner_pooling.py`) | - | - | .932 (.947) | .76, .77, .78 | .962, .851 |
| single views weigh, accounts are known by other rooms (policy 2026.9) | 1.0 | .955 | .917 | .62, .74, .69 | .972, .822 |
| an inflated session teaches what its false views look like (`features/posteriors/view_mixture_em.py`) | 1.0 | .977 | .909 (.962) | .57, .74, - | .974, .852 |
| **harder worlds**: chat groups that come by one link and stay, resellers who buy a dozen times in a row (`simulation/behaviour/lookalikes.py`; policy 2026.11) | .968 | - | .865 (.925) | .318, .460, .706 | .938, .877 |
| views compared with how views usually come in, sessions by how many viewers ever buy (`features/signals/views/entry_channels.py`, `features/signals/sessions/purchase_propensity.py`) | .979 | .925 | .902 (.917) | .227, .519, .556 | .986, .846 |
| operators too are compared by how many viewers buy, and a session's deviance knows it (2026-11-27) | .979 | .925 | .895 (.932) | .217, .519, .566 | .986, .846 |
| trees leave a doubt of what no verdict showed them (`training/estimator/ensemble.py`; policy 2026.12) | .973 | .925 | .880 (.917) | .409, .942, 1.0 | .984, .849 |
| what is rare of an order is added to what trees say of it (`facts.OF_ORDERS`; 2026-11-28) | .973 | .925 | .880 (.917) | .409, .942, 1.0 | .987, .849 |
| nothing: the same code, world and verdicts on another processor, where sums differ in their last bits | .973 | .925 | .880 (.925) | .492, .873, .990 | .985, .848 |

The last row says by how much to read the others: shares of schemes never seen move by .08 when nothing changes, everything else in this table by .008 at most (elsewhere on the page recall of single schemes by .04).

Worlds were made harder because nights on a third platform, written to look for what the two simulators do not have, had put 4.5 to 7.1 of 100 honest operators up for review, mostly such groups and resellers. Rings and crowds of people that no verdict showed fell most by it: among loyal groups, who also come together and stay, their traces are no longer rare.

## What is missed, and what the ceiling seems to be

- **Farms and small inflation** are held down by verdicts: two errors among the first decide. The rows marked as a ceiling teach the same trees by planted truth of the training world; they are not released.
- **A scheme that was never judged** is found where its traces are those of others, by what its accounts left in other rooms (`features/signals/sessions/viewer_reputation.py`), and by how far its sessions lie out over everything that is known of them, which needs no verdict (`features/signals/peer_deviation.py`). Trees clear a session by the schemes that verdicts
  showed them, so that they had cleared what they never saw: on world 303 that deviance alone finds .94 of rings, .61 of comments and .35 of crowds at one false alarm in a hundred, trees that never saw the scheme .43, .43 and .13. They leave a doubt of each typology now, log-odds of -2 (`training/estimator/ensemble.py`), to which .15 is
  added for each point of deviance beyond the usual: .69, .67 and .15 there. A second finder, one signal rarer than in ten thousand cleared sessions, had been there for it and is dropped: it found nothing more, and it cost average precision on both markets and three lakes of four of the third platform.
  More deviance finds more and costs: with .2 a point rings .70 and crowds .19, but recall of farms at 99 % precision .78 there instead of .85 (with .1 .87, rings .62, comments .61). It is paid for with honest chat groups, whom trees had cleared and whose deviance is large: on four nights of the third platform honest operators reviewed are 17 of 743
  (18 before), but one group stood in D, for a session of .82, until policy 2026.12 accused only from .9 on; who cheats and is reviewed 62 of 137 (64 before; in C or D 28 and 28), sessions given even odds 2 of 485 honest and 28 of 46 inflated (4 and 27 before).
  **Crowds of real people** are what is left. Their ceiling is not in the signals: one alone, chosen knowing the truth, finds most of them (rows `-one-signal`), but it is the link by which honest chat groups come too.
- **Orders of schemes never judged** are measured since 2026-11-27; orders of insiders (.21 of what is found with verdicts) and those refunded within minutes (.67) were missed. Trees had cleared them as they had sessions, so that what is rare of an order among the night's is added to their log-odds: .2 for each
  point of the rarest signal of every fact (`facts.OF_ORDERS`, `features/peers/tail_probability.py`). On world 303 and markets 31 and 32 insiders' orders are so found at .69, .94, .78 (.20, .46, .40 before; .82, .98, .90 with verdicts), those refunded within minutes at .87, .93, .93 (.79, .93, .93), and average precision of all went from .990, .730, .946 to .987, .740, .951; on
  four lakes of the third platform from .968, .843, .892, .962 to .964, .849, .910, .953. Facts are what carries it there: with all signals added up (.1 a point) it lost .015 to .035 on three of those lakes, for one honest basket sets five of them. Here, judged once after it, insiders' orders went from .21 to .64 and those refunded within minutes from .67 to .69, both short of .7 still (taught again on another processor .65 and .71: that the second holds there is no more than such a draw); of the others brushers' .91 to .93, slots .92 to .90, and average precision of all orders fell from .969 to .965 ([slice](slice.md)). Nights on those four lakes review whom they reviewed before. A doubt of orders (log-odds of -4) found .01 to .06 more of insiders' and cost .002 to .005 of average precision; it was left out.
- **Single views** that are missed lie in few sessions that are not held inflated, or are views of rings, of farms, and of orders held honest. Their intervals are over sessions: one large session that is held false by mistake may be half of all views.
- **Forged counters.** Counters of whole broadcasts show viewers that were added only where they are about as many as the honest ones: forged counters find half of the broadcasts that were doubled, none of the older methods found one in fifty. A shape that the forger of the detector does not know (`ramp`) is seldom found. Minutes show a block that joins at
  once from 10 % on, and a slow one by its lasting shift.

## What was chosen where

World 202 decides nothing. Departures, typologies apart, habits, the number of trees and the classifier of operators were chosen on six pairs of worlds 101, 303 and 404; what accounts left elsewhere, an order's company, peers that settle without the tenth that lies out, contradicted verdicts and the size of the training world on
medium worlds 101, 303, 404 and 505, each judged by trees taught on the others; the doubt, the slope of deviance and what is added for what is rare of orders on world 303, markets 31 and 32 and four lakes of the third platform; comparing with the same night, pooling, views that weigh, `within` and how views come in on worlds 303 and 505, small 31 to 46, markets 11 to 16 and 31 to 34 ([market](market.md)) and lakes of the third platform. Two exceptions: how much a departure weighs in the deviance of nights
without labels was chosen on 101, 202 and 303 and on Shopee, and the scoring of this page was mended after 202 had been looked at (it had taken the yardstick of the training night, where nights compare with one another). `attribution.HELD` was taken at .7, where worlds 303 and 404 have the same precision from .5 to .8.

Tried on the same worlds and left out: self-training on unjudged sessions, bags of boosters, summed ranks instead of departures, trees without monotone constraints, a second finder by the tail of the rarest signal (by a Pareto law, by families of signals, summed), trees over departures that do not know of which signal they are, beside the others or mixed with them (alone .31 of crowds, .91 of rings, .73 of comments on world 303, and .03 to .12 less average precision on the third platform), dividing by each session's own chance variation. Tempering what a session's views lie out by with how many of its viewers
buy halved it for honest chat groups of the third platform and cost markets 31 and 32 a hundredth of average precision.
"""


def honest_tiers(models: Path, say: Any) -> list[dict[str, Any]]:
    """Tiers of honest operators of the unseen world after one night, all and by circumstance."""
    say("tiers of honest operators")
    lake = worlds.made("medium", UNSEEN)
    nightly(
        lake, worlds.START + timedelta(days=DAYS - 1), models, load_policy(), say=lambda text: None
    )
    decisions = read_outbound(lake, "tier_decisions").set_index("operator_id")
    honest, cheats = worlds.honest_and_cheats(lake, decisions["tier"])
    like = worlds.truth(lake, "lookalikes")
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
            among = group.isin(list(tiers_))
            risks = decisions.loc[group.index[among], "risk"].sort_values()
            why = f"{len(risks)} of {len(group)}, at a risk of {', '.join(f'{r:.2f}' for r in risks)} (a review from .15); one of a group of this size is {1 / len(group):.3f}"
            out.append(
                share_row(
                    f"lookalike-{name}-{tiers_[0]}",
                    f"{name}: share of {len(group)} {what}",
                    among,
                    COMMAND,
                    goal,
                    why,
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
    planted = worlds.truth(lake, "operators")
    victims = set(planted.loc[planted["scheme"] == "hostile_brushing", "victim_id"].dropna()) & set(
        decisions.index
    )
    said = decisions.index[decisions["attribution"] == "third_party"]
    hit = said.isin(victims)
    what = f"Hostile brushing: share of the {len(said)} operators said to be harmed by a rival that are planted victims ({int(hit.sum())} of {len(victims)} victims are said)"
    out.append(share_row("attribution-third-party", what, hit, COMMAND))
    return out


def retail(data: Path, folder: Path, say: Any) -> list[dict[str, Any]]:
    """Honest baskets: stores put up for review."""
    say("retail baskets")
    ingest("retail-baskets", data / "retail_baskets", folder)
    nightly(folder, date(2017, 6, 30), None, load_policy())
    tiers = read_outbound(folder, "tier_decisions")["tier"]
    why = "without labels a store is reviewed when two of its signals lie far out among stores of its size"
    return [
        share_row(
            "retail-reviewed",
            f"Honest retail baskets: share of {len(tiers)} stores reviewed",
            tiers != "A",
            COMMAND,
            "<= 0.01",
            why,
        )
    ]


def main() -> None:
    takes_nothing(__doc__, "python -m benchmarks.detection")
    console = Console()
    data = Path(os.environ.get("STEELYARD_PUBLIC_DATA", "../shared/public_data"))
    models = worlds.OUT / "models"
    rows, texts = [], [TEXT]
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
        texts += tables
    else:
        console.print(
            f"no models at {models}: make bench trains them; the rows of simulated worlds are left out"
        )
    write("detection", "Detection, beside peers", rows, "\n\n".join(t.strip() for t in texts))
    console.print("docs/benchmarks/detection.md")


if __name__ == "__main__":
    main()
