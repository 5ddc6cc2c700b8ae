"""Duties that the rules impose, and the commands that show them; see docs/reference/duties.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Duty:
    """One duty: source, what it asks for, what of it is computed, stored or shown, and commands (LAKE, MODELS, OPERATOR filled in).

    `outside`: why a part of it is not the software's; empty where all of it is.
    """

    source: str
    asks: str
    implemented: str
    commands: tuple[str, ...]
    outside: str = ""


DUTIES: tuple[Duty, ...] = (
    Duty("CAC-2020 9 ¶3", "tiered supervision by credit, follows and clicks, marketing amount, other indicators", "four named components and a tier for each operator (`tier_decisions`)", ("steelyard show tier_decisions LAKE --json",)),
    Duty("CAC-2020 9 ¶3", "key operators: dedicated real-time patrol, extended retention", "`is_key_operator`; the queue by expected harm within patrol capacity; live content of key operators kept 180 days", ("steelyard show tier_decisions LAKE --json", "steelyard retention LAKE --json"), "who walks the patrol is the platform's to say"),
    Duty("CAC-2020 9 ¶4", "a risk-identification model; pop-up prompt, violation warning, traffic limit, block", "scores with reasons; `suggestedAction` of the boost check; `measures` of each night", ("steelyard show scores LAKE --json", "steelyard show measures LAKE --json"), "showing the pop-up and limiting the traffic are the platform's"),
    Duty("CAC-2020 12 ¶1", "credit evaluation from ratings, complaints, platform handling, regulators' notices; decides scope of service; published", "four sub-scores, level, entitlements; `GET /v1/credit/{operator}` without a key", ("steelyard credit LAKE --json",)),
    Duty("CAC-2020 12 ¶2", "dispositions recorded and reported", "an append-only chained log of measures, notices in zh and en", ("steelyard measure list LAKE --json", "steelyard show measures LAKE --json"), "a person whose account was cancelled and who registers again is linked through shared payers, devices and referrers only; identity documents are never in the lake"),
    Duty("CAC-2020 12 ¶3", "blacklist", "a code of the ladder that only a person with an approver takes; basis, reason, expiry, appeal in its record", ("steelyard measure list LAKE --json",)),
    Duty("CAC-2020 13", "complaints with a process and deadlines; help with evidence", "late complaints counted in credit; appeals with due dates and breach; evidence packages", ("steelyard credit LAKE --json", "steelyard appeal list LAKE --json", "steelyard evidence pack LAKE --operator OPERATOR --to SCRATCH/case.zip --json"), "taking a complaint in is the platform's; it is delivered as `complaints`"),
    Duty("CAC-2020 14", "live content kept 60 days, goods and transaction records three years", "classes with floors; what is too early is refused; deletions are logged", ("steelyard retention LAKE --json",), "recordings of video lie with the platform; here are their counters and events"),
    Duty("CAC-2020 8, 15", "identity verified before each stream; age 16 or more", "`operators.identity_verified_at` is delivered and kept", ("steelyard check LAKE --json",), "a hard gate of the platform before a stream starts; it is no feature of a model and is not computed here"),
    Duty("CAC-2020 16(3)", "no fabricating follows, views, likes, transactions", "corrected figures with intervals; scores of sessions, orders and single views", ("steelyard show corrected_figures LAKE --json",)),
    Duty("CAC-2020 16(4)", "no driving traffic to those known to be violating or high-risk", "`findings`: viewers sent after the notice, with each link", ("steelyard show findings LAKE --json",)),
    Duty("CAC-2020 18", "no deleting or hiding bad reviews", "`findings`: share of bad reviews removed beside the category's, with its chance", ("steelyard show findings LAKE --json",)),
    Duty("CAC-2020 20-21", "inspection, liability", "a case that replays: data, model, policy; a record that is verified", ("steelyard replay LAKE --date NIGHT --models MODELS --json", "steelyard journal verify LAKE --json")),
    Duty("ZJ-2020", "ladder of measures; MCNs cooperate; joint punishment; reporting channel; public credit rules", "twelve ordered codes, the last two human-only with an evidence package; `mcns`; signed lists between platforms; the policy file is public", ("steelyard show mcns LAKE --json", "steelyard punishments export LAKE --to SCRATCH/list.json --issuer platform-a --json"), "the reporting channel is the platform's"),
    Duty("SDI-2020 2", "no brushing, no data fraud", "two families of detectors, with evidence for each case", ("steelyard show scores LAKE --json", "steelyard show rings LAKE --json")),
    Duty("Order 117 [verify]", "grading of operators; interaction records three years; MCN duties; blacklisting with facts, reasons, basis, duration, appeal", "as above; `policy.toml` keeps interaction records 60 days and may be raised to 1095", ("steelyard retention LAKE --json",), "article numbers are configuration and unconfirmed; the policy's retention of interactions must be raised where the order applies"),
    Duty("PIPL 24", "explanation; no solely automated decision of major effect", "reasons with value and peers; what would move it down; grave measures need a person", ("steelyard show tier_decisions LAKE --json",)),
)  # fmt: skip


def duties_page() -> str:
    """The duties as Markdown."""
    lines = [
        "# Duties",
        "",
        "Generated by `make docs` from `serving/oversight/duty_register.py`. `make bench` runs every command and says in docs/benchmarks/decisions.md",
        "whether it did. Article numbers are the policy's (`serving/policy/policy.toml`); those marked [verify] were not confirmed in a primary text.",
        "",
        "| source | asks for | here | commands | not here, and why |",
        "|---|---|---|---|---|",
    ]
    for d in DUTIES:
        commands = "<br>".join(f"`{c}`" for c in d.commands)
        lines.append(
            f"| {d.source} | {d.asks} | {d.implemented} | {commands} | {d.outside or '-'} |"
        )
    return "\n".join([*lines, ""])
