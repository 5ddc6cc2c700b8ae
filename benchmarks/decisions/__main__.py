"""Writes docs/benchmarks/decisions.md and .json; needs the models that `benchmarks.end_to_end` trains."""

from __future__ import annotations

from datetime import timedelta

from rich.console import Console

from benchmarks.decisions import duties, mutation, tampering, twenty_worlds
from benchmarks.end_to_end import DAYS, UNSEEN
from benchmarks.harness import worlds
from benchmarks.harness.figures_page import takes_nothing, write
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy

TEXT = """
Models of seed 101 (`wide`, 1,800 operators), worlds of seeds 900 to 919 (`small`), none of which was looked at while the models or the policy were made, but for what the sections below say.

## Tiers, and what changed them

| step | honest in C or D | honest reviewed | cheats reviewed |
|---|---|---|---|
| easier worlds, before 2026-11-25 | .0037 | - | .54 |
| models compare with the same night (shares of a few views decide) | .012 | .020 | - |
| of whom little is known is reviewed at most, and compared with the training night where few are like it (six worlds) | .001 | .016 | .62 |
| few observations shrunk, whoever was ever confirmed is no yardstick (policies 2026.6 and 2026.7) | 0 | .0008 | .752 |
| examples of honesty count by the probability that they are some (policy 2026.8, `training/estimator/conformal.py`) | .0004 | .0078 | .815 |
| single views weigh, one session inflated beyond doubt is a review (policy 2026.9, `serving/scoring/view_evidence.py`) | 0 | .0078 | .850 |
| **harder worlds**, policy 2026.11, how views come in, how many viewers ever buy (2026-11-27) | 0 | .0016 | .793 |
| trees leave a doubt, who is accused for views has a session of .9 (policy 2026.12; before what is rare of orders was added) | 0 | .0016 | .788 |
| what is rare of an order is added (2026-11-28); all models taught again on another processor | 0 | .0016 | .784 |

A review stays for seven nights and four nights add up here, so that a share of one night is lower. The row of harder worlds has several changes in it, worlds that are harder to judge among them; which of them spares honest operators and which misses cheats was not taken apart.

- **Examples of honesty**: of two to three in a hundred of the yardstick's operators, which cheat, no session or order was confirmed, and they look it, so that nobody behind them was rare. The bound on false discoveries was lowered from .10 to .05 then, for it means now what it says.
- **Contested operators** are suspected mostly for orders of which nothing shows that they gain: a rule made on worlds 800 to 805, where all three honest operators accused were victims of hostile brushing.
- **Small operators.** A world of this size has 160 operators, and those with ten views or fewer were judged by shares that chance moves. For what was done about it these worlds are not quite unseen (`cold_views` and `cold_orders` of the policy, and when a night is its own yardstick).
- **What sessions and orders showed weighs in the risk of operators** (`pooling.weighed_owners`) and moved no tier of these worlds to speak of: who is accused is bounded by the conformal test, which goes by own signals alone.
- **The bound on false discoveries** holds on average where honest operators of a world look like those of the yardstick; these worlds are smaller than the one it was made from. So few under the bound look too good: what may have been missed among the yardstick's operators is taken at its upper quartile, a night's scores are moved to the yardstick's and never made worse by it, and only a part of those that cheat is accused at all.

## Corrected figures

Truth of a figure: counted rows less planted ones, as far as they had been received that night. Most sessions have nothing false, so "as counted" is often likelier than any nominal level, and an interval that ends there cannot hold the truth in just 90 of 100 cases. Each interval therefore states its certainty (`certainty`, at least .9, and .81 where views are doubted for two reasons), and what is nominal is what it states; the goal of one point is held against that.

- **All six are within a point of what they state.** Orders and net sales hold the truth a little more often than that, as ever: verdicts err, so that what nobody suspects is held false more often than it is, and the fates of a session's orders are taken for one. On the page before (policy 2026.9) they were .0128 and .0108 above, and missed the goal; nothing was done about it, and what moved them was not looked for.
- **Viewers** come back more often when they are bots: an account is real that watched once for real (`attributed.viewers_of_views`). Before that unique viewers fell short by .0103, and their error was .015 instead of .006.
- **Follows**: the share that is false was taken for even between what was measured and everything, and its upper twentieth left out, which is where it mostly lies. Now everything stays in (-.015 before). Of sessions whose follows are false in part few are suspected of engagement (rings of some accounts in small rooms), and their intervals end at the count.
- **Over the sessions that have false counts** an interval holds less often than it states: nobody knows beforehand which those are, and some are not suspected at all.
- **Chosen where**: how orders share their fate, what brushers watched and how far likes may go on worlds 800 to 813; four views as what a false share is expected by (of 10, 4 and 2) on 800 to 809; viewers and follows on small worlds 31 to 38. These twenty were judged twice on the way, once with the certainty of orders taken from the mean of what an interval leaves out (-.024 for views, -.014 for net sales) and once with false shares expected too narrowly about .3 (-.013 for views), and that orders are not independent had been learnt on them.

## Mutants

Every change of an operator, constant or return in the file by the rules of mutmut, against the tests of tiers and policy alone.
"""


def main() -> None:
    takes_nothing(__doc__, "python -m benchmarks.decisions")
    say = Console().print
    models = (worlds.OUT / "models").resolve()
    lake = worlds.made("medium", UNSEEN)
    nightly(lake, worlds.START + timedelta(days=DAYS - 1), models, load_policy())
    rows = (
        twenty_worlds.rows(models, say)
        + tampering.rows(lake, say)
        + mutation.rows(say)
        + duties.rows(lake.resolve(), models, say)
    )
    write("decisions", "Decisions", rows, TEXT)
    say("docs/benchmarks/decisions.md")


if __name__ == "__main__":
    main()
