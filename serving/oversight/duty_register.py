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
    Duty("Order 117 2", "five roles: platform, operator, streamer, MCN, others", "operators, streamers and MCNs are subjects of measures", ("steelyard measure list LAKE --json",)),
    Duty("Order 117 8", "operators and streamers verified, renewed every six months", "the gate says `identity_overdue` beyond 183 days, of operators and of streamers that a request names (`streamers`); the policy decides what that holds back", ("steelyard check LAKE --json", "steelyard reports identities LAKE --file SCRATCH/identities.csv --json"), "verifying is the platform's"),
    Duty("Order 117 9", "identities reported each January and July", "an export of ids, dates and gaps: current, overdue, not verified", ("steelyard reports identities LAKE --file SCRATCH/identities.csv --json",), "identity documents are never in the lake"),
    Duty("Order 117 11 ¶1", "grading by compliance, follows and visits, scale, kind of goods; patrol in real time", "six named components, compliance and kind of goods among them, and a tier for each operator; `why.grounds` names the grounds of patrol; a measure in force raises the tier", ("steelyard show tier_decisions LAKE --json",), "who walks the patrol is the platform's to say"),
    Duty("Order 117 11 ¶2", "credit evaluation with consequences and repair", "four sub-scores, level and entitlements, which measures in force take away; points of measures halve with time; a level without `boost` is refused at the gate; few orders are unrated; `GET /v1/credit/{operator}` and `/v1/credit-rules` without a key", ("steelyard credit LAKE --json",), "lists of abnormal operations and of dishonesty are no tables yet"),
    Duty("Order 117 12 ¶1", "eight measures, with conditions, procedure, remedy, in proportion", "the eight codes on the ladder, mildest first; a range by facts, repetition and harm; what is grave is proposed by one key and approved by another; an undo of any number in one act", ("steelyard measure list LAKE --json", "steelyard person list LAKE --json", "steelyard show measures LAKE --json"), "limiting functions and closing accounts are carried out by the platform; the gate refuses boosts itself"),
    Duty("Order 117 12 ¶2", "violations notified by authorities are acted upon", "notices set a floor to tiers and enter credit", ("steelyard show tier_decisions LAKE --json",), "a notice opens no case with a due date yet"),
    Duty("Order 117 12 ¶3", "measures recorded, reported to county and province", "an append-only chained record with notices in zh and en; a report file per period and level with what is still unreported, kept in the record once it is sent", ("steelyard reports measures LAKE --level county --from 2020-01-01 --to 2099-12-31 --file SCRATCH/county.json --json", "steelyard journal verify LAKE --json"), "handing the file over is the platform's"),
    Duty("Order 117 13", "risk identification, dynamic monitoring; warn, limit traffic, suspend in time", "scores with reasons; `suggestedAction` of the boost check; `measures` of each night; traffic sent to known risks (`findings`)", ("steelyard show scores LAKE --json", "steelyard show measures LAKE --json", "steelyard show findings LAKE --json"), "showing the pop-up and limiting the traffic are the platform's"),
    Duty("Order 117 14", "blacklist: facts, reasons, basis, term, appeal; lifted at its end", "two keys sign it; refused at the gate at once with the measure's reason; ends at its minute, by an appeal that is won, or by an undo; successors by shared payer, device, address or streamer (`findings`); signed lists between platforms, matched under an agreed key or said to be unmatchable", ("steelyard measure list LAKE --json", "steelyard punishments export LAKE --to SCRATCH/list.json --issuer platform-a --json")),
    Duty("Order 117 16; E-Commerce Law 31; SAMR 37 20 ¶2", "trade records, replay and interactions kept three years from completion", "calendar years from the last signature or refund; an order without completion stays; interactions and minutes of its session stay with it; deletions are logged", ("steelyard retention LAKE --json",), "recordings of video lie with the platform; here are their counters and events"),
    Duty("Order 117 18", "operator and trade records for a consumer in a dispute", "evidence packages with digests and signature", ("steelyard evidence pack LAKE --operator OPERATOR --to SCRATCH/case.zip --json",), "a package is made by operator, not by order yet"),
    Duty("Order 117 20; MCN Rules 14", "complaints with process and time limits; verified ones count", "cases with due dates by policy; a reviewer verifies or rejects; verified and late ones count in credit and as labels; complainants who abuse them (`findings`)", ("steelyard complaint list LAKE --json", "steelyard credit LAKE --json", "steelyard show findings LAKE --json"), "taking a complaint in is the platform's"),
    Duty("Order 117 34, 44; AUCL 9; E-Commerce Law 17; SAMR 91 9; SAMR 37 14(4)", "no false sales, views, follows, likes or reviews; no organising of them", "corrected figures with intervals; scores of sessions, orders and single views; rings; networks", ("steelyard show corrected_figures LAKE --json", "steelyard show rings LAKE --json", "steelyard show mcns LAKE --json")),
    Duty("AUCL 13 ¶4; SAMR 91 16", "no brushing or reviews against another", "`attribution` says who gains: beneficiary only above a stated precision, third party, or unknown", ("steelyard show tier_decisions LAKE --json",)),
    Duty("CRPL Regulations 9 ¶1", "reviews not altered, invented or hidden", "`findings`: share of bad reviews removed beside the category's, with its chance", ("steelyard show findings LAKE --json",)),
    Duty("AUCL 21", "the platform acts, records and reports", "a case that replays: data, model, policy; a record that is verified", ("steelyard replay LAKE --date NIGHT --models MODELS --json", "steelyard journal verify LAKE --json")),
    Duty("E-Commerce Law 36; SAMR 37 30", "measures are published, within one working day", "a public list with code, article, term and status, without grounds and persons", ("steelyard reports public LAKE --json",), "putting it online is the platform's"),
    Duty("E-Commerce Law 39", "credit rules are public; no reviews are deleted", "removed reviews still count; `GET /v1/credit-rules` serves weights, points and levels without a threshold of a detector", ("steelyard credit LAKE --json",)),
    Duty("Platform Rules Measures 12, 15", "rules announced seven days ahead, important ones fifteen", "a policy has `announced_on`, `effective_from` and a notice period, and is refused where it is too short; every run names its policy", ("steelyard show runs LAKE --json",), "announcing a change is the platform's"),
    Duty("Platform Rules Measures 19; PIPL 24", "explanation; a person decides on request what was automatic", "reasons with value and peers; grave measures need a person; `appeal open --human` asks for a person; an appeal against a night or a measure is decided by another person, and a won one reaches gate, later nights and labels", ("steelyard appeal list LAKE --json", "steelyard show tier_decisions LAKE --json")),
    Duty("MCN Rules 10", "networks graded by compliance, accounts, followers and credit", "`mcns`: a grade by compliance, accounts, follows and credit; operators in C and D with the chance of as many", ("steelyard show mcns LAKE --json",), "followers are known by the follows of 28 days alone"),
    Duty("ZJ-2020 [verify]", "ladder of measures; joint punishment; reporting channel", "each step of the standard is mapped to a code; its last two are human-only referrals with an evidence package", ("steelyard punishments export LAKE --to SCRATCH/list.json --issuer platform-a --json",), "the reporting channel is the platform's"),
    Duty("16 CFR 465.2-465.8 (US set)", "no fake or bought reviews, no suppression, no fake indicators of influence", "`[law] jurisdiction = \"US\"` cites them in measures and findings", ("steelyard show findings LAKE --json",)),
    Duty("DSA 17, 20, 23, 24 (EU set) [verify]", "statement of reasons; complaints for six months; misuse; transparency report", "`[law] jurisdiction = \"EU\"`; a policy there keeps appeals open for 183 days or is refused", ("steelyard appeal list LAKE --json",), "known at second hand: cited only with `cite_unverified`"),
    Duty("E-Commerce Law 36; DSA 24 [verify]", "a yearly report that can be checked", "inflation by category with intervals, measures by code and article, appeals won, time to decide, complaints, networks by grade; HTML and JSON from published nights and the record", ("steelyard reports integrity LAKE --from 2020-01-01 --to 2099-12-31 --file SCRATCH/integrity.html --json",)),
)  # fmt: skip


def duties_page() -> str:
    """The duties as Markdown."""
    lines = [
        "# Duties",
        "",
        "Generated by `make docs` from `serving/oversight/duty_register.py`. `make bench` runs every command and says in docs/benchmarks/decisions.md",
        "whether it did. Articles are those in force on 2026-11-30 (`serving/policy/law/`); [verify] marks what was not confirmed in a primary text.",
        "The draft of 2020 (CAC-2020) never came into force: it is the origin of some duties and is never cited.",
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
