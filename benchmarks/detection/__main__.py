"""`make bench-detection`: writes docs/benchmarks/detection.md and .json."""

from __future__ import annotations

import os
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import worlds
from benchmarks.detection import carriers, nab, peers, public, schemes, twitch
from benchmarks.page import row, write
from benchmarks.slice import DAYS, UNSEEN
from data_contracts.adapters import ingest
from data_contracts.lake import read_outbound
from serving.nightly import nightly
from serving.policy import load_policy

COMMAND = "make bench-detection"
TEXT = """
Models are those of `make bench`: trained on verdicts of the wide world of seed 101 (1,800 operators), judged here on the medium one of seed 202 by planted truth.

**Worlds are harder since 2026-11-27, and most figures of simulated worlds fell.** Their honest operators now have chat groups that come by one link within minutes and stay, and resellers who buy a dozen times in a row
(`simulation/regulars.py`): on a third platform, written to look for what the two simulators do not have, nights with the models of before had put 4.5 to 7.1 of 100 honest operators up for review, mostly such. All models were taught anew; single views raise their session by two in log-odds
at most, and who is suspected of its views is accused only for a session that is itself held inflated (policy 2026.11; chosen on that platform, world 303 and markets 31 to 33). World 202 is another world than on the page before and was judged once. Before: inflation of 50 % and more 1.0, of 15 to 30 % .977,
farms .909 (ceiling .962), crowds and rings never seen .57 and .74, single views .974 precision and .852 recall. Where figures below are of earlier pages they are of the easier worlds. Rings and crowds of people that no verdict showed are what fell most: among loyal groups, who also come together and stay,
their traces are no longer rare. Precision of single views had missed its goal by .012.

**Single views are compared with how views usually come in** since 2026-11-27, their trees are monotone and no room teaches more than 300 of them (`features/arrivals.py`, `training/dataset.py`), and sessions by how many of their viewers ever buy (`features/shopping.py`); what each was chosen on, and that it was the classifier of views
that carried badly, stands on [market](market.md). World 202 was judged once after it, with models taught anew. Before: single views precision .938 and recall .877, farms .865 (ceiling .925), inflation of 50 % and more .968; of schemes never seen crowds .318, rings .460, **comments .706, which missed their goal now**. Those are means of three draws of trees; single views are not in them. Why comments fell
was not taken apart: the new signals of sessions are the only thing of these rows that changed.

**Read with this in mind.** The Shopee marks are a published rule on the same columns, and the episode detector is that rule, written from
its definition: its F1 says that the definition is met, not that brushing is solved. The window of a day for GitHub lockstep was chosen after an hour had
found three groups; its control is the same events with shuffled times; every actor of that set acts within a single day, so none of its members can be met again later. Block shapes are those of the published figures; seed 0 of each carrier
was looked at while the ensemble was written, seeds 1 to 5 are reported. NAB sets one threshold on its own windows, for every method.
Intervals are 90 % bootstrap intervals unless a row says otherwise.

**What was chosen where.** Departures, typologies apart, habits, 200 trees and the classifier of operators were chosen on six pairs of worlds 101, 303 and 404, by
average precision and recall at few false alarms; world 202 was judged once before this page, with `attribution.HELD` at .9, chosen on earlier and easier worlds (precision of single views .987 at a recall of .537: the posterior of a
whole session then ended just below it). On worlds 303 and 404 every value from .5 to .8 gives a precision of .967 or more; .7 was taken, and the rows of single views were measured again.
What accounts left elsewhere, an order's company, the second finder (its tails, the way to the alarm, one in ten thousand, a quarter; by families of signals and summed over signals it was worse) and the alarm on actors were chosen on medium
worlds 101, 303, 404 and 505, each judged by trees taught on the three others. World 202 was judged once by sessions, orders and operators before that alarm was added (sessions .988, now .990), and once for this page.
Peers that settle without the tenth that lies out (of a tenth, a fifth, three tenths; one, three or five rounds; tails by a Pareto law instead of spreads), verdicts that are contradicted (four rules), and
the size of the training world were chosen on medium worlds 101, 303, 404 and 505; Shopee was looked at (.908, before .913) and did not decide. How much a departure weighs in the deviance of nights without labels was chosen on 101 and 303 (sessions), 202 and 303 (operators, orders) and on Shopee.
The burst alarm was tried in eight variants on these very NAB series (smoothing, levels or logs, both sides or one, when the tail is first believed), so its rows are optimistic.
Forged counters: trees of 7, 15 and 31 leaves were tried on the same broadcasts.

**What is missed, and what the ceiling seems to be.** Counters of whole broadcasts show viewers that were added only where they are about as many as the honest ones: forged
counters find half of the broadcasts that were doubled, none of the older methods found one in fifty. A shape that the forger of the detector does not know (`ramp`) is
seldom found. (Earlier versions of this page said that counters cannot show injected viewers at all; and their injections left fractions, which a detector could have read.)
Minutes show a block that joins at once from 10 % on, and a slow one by its lasting shift. What holds sessions down is verdicts: the rows marked as a ceiling teach the same
trees by planted truth. A scheme that was never judged is found where its traces are those of others, by what its accounts left in other rooms (`features/elsewhere.py`), or by a second finder:
one signal near its alarm, rarer than one in ten thousand cleared sessions, gives a probability of a quarter at least (`features/rarity.py`). Rings of real people are what is left. False alarms of those rows are now counted
among sessions in which nothing was planted, as in the goals (before, sessions with brushers' false views counted as honest; rows `-brushed` keep that reading).
**Models compare with the same night** since 2026-11-25 and no longer read the values of sessions; that was decided on worlds 303 and 505 and on two markets of the second simulator ([market](market.md)). World 202
was judged once after it. The ceiling of trees taught by planted truth fell with it (farms .924 to .833, 15 to 30 % .977 to .909): values told them more of this simulator than verdicts let the released ones learn.
**Shares of few observations are pulled towards the usual** since the same day (`features/shrinkage.py`), chosen for operators and for nights without labels on other worlds ([slice](slice.md)). Recall at 99 % precision
of inflation by 15 to 30 % was .818 before, of 50 % and more .960, of farms .689. Until then this page scored sessions by the yardstick of the training night, where nights compare them with one another; with that error left in, the same
models gave .949, .818 and .561 (farms: 93 are found before the first honest session now, which has eleven views and one copied comment), so it was mended after 202 had been looked at. Tried on 303 and 505 against such
tiny sessions, and left out: the same for shares of comments and likes and for follows over joins, and dividing by each session's own chance variation.
Farms are held down by verdicts (.902, ceiling .917; .865 and .925 on the page before; on the easier worlds of before .909 of .962, .917 on the page before that, one session more; .932 of .947 before single views weighed, .705 of .902 before an operator's other sessions did): two errors among the first decide. Schemes never seen that had been found whole fell since the last page (comments .97 to .78, likes 1.0 to .79, paid crowds
1.0 to .76 of what is found with them; whether by sessions' deviance or by weighing was not taken apart) and hold the goal all the same; the ring, the worst, rose from .585 to .773. Single views are also false by their viewer's order; without their orders recall is .718. Intervals of single views are over sessions: one large session that is held false by mistake may be half of all views. What is still missed are views of rings, of comment and like farms, and of orders held honest.
**An operator's other sessions and orders weigh** since 2026-11-26 (`features/pooling.py`), here as in a night, and single views say whether their session was inflated (`features/attribution.py`; the rows of single views were measured again after its empirical null was added, before it precision and recall were the same and the share error .117). Both were chosen on worlds 303,
505, small 31 to 34 and markets 11 to 14 ([slice](slice.md)). Rows of trees taught otherwise (ceilings, schemes never seen) are weighed the same way by the released calibration. Before, with models of policy 2026.6: inflation of 50 % and
more .966, by 15 to 30 % .909, farms .705, a ring never judged .585, single views .972 precision and .835 recall.
**Single views weigh in the probability of their session** since policy 2026.9, and an account's or a device's views in other sessions weigh in it (chosen on worlds 303, 505, small 31 to 33 and markets 11 to 14). A night looks at the views
of up to a thousand sessions of two weeks, and this page judges as many; before, it judged 1,500, of which the same code gives .965 precision and .863 recall (.962 and .851 before). The error of false shares on earlier pages (.169 on the
last) counted brushers' views, which these shares leave out and their orders tell of, as false: without them it was .070, and the intervals held .979 of .990 stated. Rows of schemes never seen leave single views out, for the
classifier of views was taught with all of them. One honest operator of 477 was reviewed by it (none before), and ten more of 118 that cheat.
**What one draw of trees finds of a scheme that it never saw is half chance.** This page was measured again when kernels add up in another order, which moves two signals of thirty-six in their fifteenth digit: paid crowds fell from .76 to .55 of what is found with them, comments from .78 to .69,
rings from .77 to .74, likes rose from .79 to .84, and of the others none moved by more than one session. So these rows are the mean of three draws (seeds 7, 1 and 2), with the least and the most: crowds are missed (.57, .46 to .75, of 29 sessions; .62 on the page before), comments and rings hold by little. Earlier pages had one draw, and said of crowds that they held.
**An inflated session teaches what its own false views look like** since 2026-11-27 (`features/within.py`): a classifier carried to a market gave even odds to half of the bots of one session, which shared devices, prefixes and stays as none of its honest viewers did. Chosen on worlds 303 and 505 and
markets 31 and 32: recall of false views .947, .859, .841, .926 before and .952, .874, .957, .940 after, precision .989, .967, .934, .963 before and .990, .972, .982, .983 after; a quarter, a half or all of what attributes say, 2 to 12 rounds and 6 bins for 12 change little. Judged here once: .822 before and .852 after, precision .972 and .974.
What is missed lies in few sessions that are not held inflated, or whose false views are like the others: over sessions the interval was .73 to .94, and on world 303 of then the goal was met.
**Who gains from suspicious orders** is told by the ratings left in rushes of cancellations (`cancelled_rush_low_rating_share`, policy 2026.10), chosen on worlds 303 and 505 and markets 11 and 12 (19 of 25 victims and nobody else; by the ratings of suspicious orders 7, and 9 others). Judged here once: all 9 that are said to be
harmed by a rival are, of 12 victims; before it 2 of 9 (8 of 8 on the world of this page). It looks that good because both simulators have rivals cancel within hours and rate one star, as the duties describe them; who does neither is not found.
Nights without any model rank by the deviance from peers. Self-training on unjudged sessions, bags of boosters, summed ranks instead of departures and
trees without monotone constraints (recall at 50 % .93 instead of .91) were tried on the same worlds and left out. Forward in time the S-FFSD verdicts spread from old payments mislead.

**Peers that do not run here.** PyGOD 1.1.0 with torch 2.13.0 for CPUs imports, but its neural detectors (DOMINANT, GAE and the others that sample
neighbours) need pyg-lib or torch-sparse, which have no build for it; its SCAN did not end within 150 seconds on the YelpChi graph with a block
(67 thousand edges), which the ensemble here takes a fraction of a second for. It is in no lock.
"""


def honest_tiers(models: Path, say: Any) -> list[dict[str, Any]]:
    """Tiers of honest operators of the unseen world after one night, all and by circumstance."""
    say("tiers of honest operators")
    lake = worlds.made("medium", UNSEEN)
    nightly(lake, worlds.START + timedelta(days=DAYS - 1), models, load_policy(), say=lambda text: None)
    decisions = read_outbound(lake, "tier_decisions").set_index("operator_id")
    tiers = decisions["tier"]
    honest = tiers[~tiers.index.isin(set(worlds.truth(lake, "operators")["operator_id"]))]
    like = worlds.truth(lake, "lookalikes")
    out = []
    for name, group in [
        ("any honest operator", honest),
        *((n, honest[honest.index.isin(g["operator_id"])]) for n, g in like.groupby("lookalike")),
    ]:
        if not len(group):
            continue
        for what, tiers_, goal in (("reviewed (B or worse)", "BCD", 0.01), ("rejected (D)", "D", 0.001)):
            value = float(group.isin(list(tiers_)).mean())
            out.append(
                row(
                    f"lookalike-{name}-{tiers_[0]}".replace(" ", "-"),
                    f"{name}: share of {len(group)} {what}",
                    value,
                    COMMAND,
                    goal=f"<= {goal}",
                    holds=value <= goal,
                    why=None
                    if value <= goal
                    else "one operator in a group of this size is more than the goal, or the risk of some honest operators passes 0.15",
                )
            )
    cheats = tiers[tiers.index.isin(worlds.guilty_operators(lake))]
    for name, tiers_ in (("reviewed (B or worse)", "BCD"), ("in C or D", "CD")):
        value = float(cheats.isin(list(tiers_)).mean())
        out.append(row(f"cheats-{tiers_}", f"Operators that cheat: share of {len(cheats)} {name}", value, COMMAND))
    planted = worlds.truth(lake, "operators")
    victims = set(planted.loc[planted["scheme"] == "hostile_brushing", "victim_id"].dropna()) & set(decisions.index)
    said = decisions.index[decisions["attribution"] == "third_party"]
    hit = len(set(said) & victims)
    out.append(
        row(
            "attribution-third-party",
            f"Hostile brushing: share of the {len(said)} operators said to be harmed by a rival that are planted victims ({hit} of {len(victims)} victims are said)",
            hit / max(len(said), 1),
            COMMAND,
            why="a shop that fails an hour of real buyers leaves the same traces; the answer is shown and moves no tier",
        )
    )
    return out


def retail(data: Path, folder: Path, say: Any) -> list[dict[str, Any]]:
    """Honest baskets: stores put up for review."""
    say("retail baskets")
    ingest("retail-baskets", data / "retail_baskets", folder)
    nightly(folder, date(2017, 6, 30), None, load_policy())
    tiers = read_outbound(folder, "tier_decisions")["tier"]
    value = float((tiers != "A").mean())
    why = "without labels a store is reviewed when two of its signals lie far out among stores of its size"
    return [
        row("retail-reviewed", f"Honest retail baskets: share of {len(tiers)} stores reviewed", value, COMMAND, "<= 0.01", holds=value <= 0.01, why=None if value <= 0.01 else why)
    ]  # fmt: skip


def main() -> None:
    console = Console()
    data = Path(os.environ.get("STEELYARD_PUBLIC_DATA", "../shared/public_data"))
    models = worlds.OUT / "models"
    rows, texts = [], [TEXT]
    if data.is_dir():
        rows += carriers.rows(data, console.print) + public.rows(data, console.print) + nab.rows(data, console.print)
        with tempfile.TemporaryDirectory() as scratch:
            rows += retail(data, Path(scratch), console.print)
        rows += twitch.rows(data, console.print)
    else:
        console.print(f"public data sets are not at {data}: their rows are left out")
    if models.is_dir():
        found, tables = schemes.rows(models, console.print)
        rows += found + honest_tiers(models, console.print) + peers.rows(console.print)
        texts += tables
    else:
        console.print(f"no models at {models}: make bench trains them; the rows of simulated worlds are left out")
    write("detection", "Detection, beside peers", rows, "\n\n".join(t.strip() for t in texts))
    console.print("docs/benchmarks/detection.md")


if __name__ == "__main__":
    main()
