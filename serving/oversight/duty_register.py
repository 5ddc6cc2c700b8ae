"""Duties that the rules impose, and the commands that show them; see docs/reference/duties.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Duty:
    """One duty: its source, what it asks for, and what of it is computed, stored or shown.

    Attributes
    ----------
    commands
        Commands that show it, with LAKE, MODELS, OPERATOR, ORDER, NIGHT and SCRATCH filled in.
    outside
        Why a part of it is not the software's; empty where all of it is.
    tests
        Tests that hold it.
    """

    source: str
    asks: str
    implemented: str
    commands: tuple[str, ...]
    outside: str = ""
    tests: tuple[str, ...] = ()


# Articles that set fines and ask nothing of a platform.
FINES = ("AUCL 25", "AUCL 29")
DUTIES: tuple[Duty, ...] = (
    Duty("Order 117 2", "five roles: platform, operator, streamer, MCN, others", "operators, streamers and MCNs are subjects of measures", ("steelyard measure list LAKE --json",), tests=("tests/whole/test_measures_take_effect.py::test_network_and_streamer_are_subjects",)),
    Duty("Order 117 8", "operators and streamers verified, renewed every six months", "the gate says `identity_overdue` beyond 183 days, of operators and of streamers that a request names (`streamers`); REVIEW by default; where no verification is delivered, the answer says that it is unknown", ("steelyard check LAKE --json", "steelyard reports identities LAKE --file SCRATCH/identities.csv --json"), "verifying is the platform's", tests=("tests/serving/gate/test_service_scope.py::test_an_overdue_identity_is_said_at_the_gate", "tests/serving/gate/test_service_scope.py::test_streamers_are_gates_where_they_are_delivered",)),
    Duty("Order 117 9; SAMR 37 24", "identities reported each January and July", "an export of ids, dates and gaps: current, overdue, not verified", ("steelyard reports identities LAKE --file SCRATCH/identities.csv --json",), "identity documents are never in the lake", tests=("tests/serving/oversight/reports/test_reports.py::test_identities_have_their_state",)),
    Duty("Order 117 11 ¶1", "grading by compliance, follows and visits, scale, kind of goods; patrol in real time", "six named components, compliance and kind of goods among them, and a tier for each operator; `why.grounds` names the grounds of patrol; a measure in force raises the tier", ("steelyard show tier_decisions LAKE --json",), "who walks the patrol is the platform's to say", tests=("tests/serving/oversight/grading/test_grading.py::test_grounds_of_patrol_are_named", "tests/serving/oversight/grading/test_grading.py::test_measures_notices_and_verified_complaints_take_points",)),
    Duty("Order 117 11 ¶2", "credit evaluation with consequences and repair", "four sub-scores, level and entitlements, which measures in force take away; points of measures halve with time; a level without `boost` is refused at the gate; few orders are unrated; `GET /v1/credit/{operator}` and `/v1/credit-rules` without a key", ("steelyard credit LAKE --json",), "lists of abnormal operations and of dishonesty are no tables yet", tests=("tests/serving/oversight/test_credit.py::test_a_disposition_takes_points_by_its_step_and_fades_by_half", "tests/serving/gate/test_service_scope.py::test_a_poor_credit_refuses_a_boost",)),
    Duty("Order 117 12 ¶1", "eight measures, with conditions, procedure, remedy, in proportion", "the eight codes on the ladder, mildest first; a range by facts, repetition and harm; what is grave is proposed by one key and approved by another; an undo of any number in one act", ("steelyard measure list LAKE --json", "steelyard person list LAKE --json", "steelyard show measures LAKE --json"), "limiting functions and closing accounts are carried out by the platform; the gate refuses boosts itself", tests=("tests/serving/oversight/test_proportionality.py::test_what_is_not_proportionate_needs_a_stated_reason", "tests/whole/test_decisions_of_two_people.py::test_undone_by_two_people",)),
    Duty("Order 117 12 ¶2", "violations notified by authorities are acted upon", "notices set a floor to tiers and enter credit", ("steelyard show tier_decisions LAKE --json",), "a notice opens no case with a due date yet", tests=("tests/serving/oversight/grading/test_grading.py::test_measures_notices_and_verified_complaints_take_points",)),
    Duty("Order 117 12 ¶3; MCN Rules 20", "measures recorded, reported to county and province", "an append-only chained record with notices in zh and en; a report file per period and level with what is still unreported, kept in the record, signed, once it is sent; closing and blacklisting to the provincial level", ("steelyard reports measures LAKE --level county --from 2020-01-01 --to 2099-12-31 --file SCRATCH/county.json --json", "steelyard journal verify LAKE --json"), "handing the file over is the platform's", tests=("tests/serving/oversight/reports/test_reports.py::test_each_level_gets_what_is_due_to_it", "tests/serving/ledger/test_people_records.py::test_a_shortened_record_is_found",)),
    Duty("Order 117 13", "risk identification, dynamic monitoring; warn, limit traffic, suspend in time", "scores with reasons; `suggestedAction` of the boost check; `measures` of each night; traffic sent to known risks (`findings`)", ("steelyard show scores LAKE --json", "steelyard show measures LAKE --json", "steelyard show findings LAKE --json"), "showing the pop-up and limiting the traffic are the platform's", tests=("tests/serving/oversight/test_findings.py::test_only_traffic_after_the_notice_counts", "tests/whole/test_night.py::test_reasons_carry_value_peers_and_words",)),
    Duty("Order 117 14", "blacklist: facts, reasons, basis, term, appeal; lifted at its end", "two keys sign it; refused at the gate at once with the measure's reason; ends at its minute, by an appeal that is won, or by an undo; successors by shared payer, device, address or streamer (`findings`); signed lists between platforms, matched under an agreed key or said to be unmatchable", ("steelyard measure list LAKE --json", "steelyard punishments export LAKE --to SCRATCH/list.json --issuer platform-a --json"), tests=("tests/whole/test_measures_take_effect.py::test_measure_ends_at_its_minute", "tests/serving/oversight/people/test_successors.py::test_new_operator_with_the_payers_of_a_barred_one_is_a_successor",)),
    Duty("Order 117 16; E-Commerce Law 31; SAMR 91 6; SAMR 37 20 ¶2, 31", "trade records, replay and interactions kept three years from completion", "calendar years from the last signature or refund; an order without completion stays; interactions and minutes of its session stay with it; deletions are signed and logged; a legal hold is lifted by another person than set it", ("steelyard retention LAKE --json",), "recordings of video lie with the platform; here are their counters and events", tests=("tests/serving/oversight/test_trade_completion.py::test_an_order_is_old_three_years_after_it_was_completed", "tests/serving/oversight/test_trade_completion.py::test_interactions_stay_with_the_order_of_their_session",)),
    Duty("Order 117 18; CRPL Regulations 14", "operator and trade records for a consumer in a dispute", "records of one order and its operator, as delivered and without suspicions, with digests and signature", ("steelyard evidence order LAKE --order ORDER --to SCRATCH/records.zip --json",), tests=("tests/serving/export/test_order_records.py::test_a_consumer_gets_the_records_of_one_order",)),
    Duty("Order 117 20; MCN Rules 14; CRPL Regulations 27 ¶2", "complaints with process and time limits; verified ones count; no abuse of them", "cases with due dates by policy; a reviewer verifies or rejects; verified and late ones count in credit and as labels; complainants who abuse them (`findings`)", ("steelyard complaint list LAKE --json", "steelyard credit LAKE --json", "steelyard show findings LAKE --json"), "taking a complaint in is the platform's", tests=("tests/serving/oversight/people/test_complaints.py::test_reviewer_decides_and_verified_ones_count", "tests/serving/oversight/people/test_complaints.py::test_complainant_who_is_mostly_wrong_is_found",)),
    Duty("Order 117 22", "a reminder within five working days; measures lifted once mended", "`correct` cites it; an approver closes a measure as lifted, and it ends at that minute", ("steelyard measure list LAKE --json",), "a due date of the reminder by working days is not kept yet", tests=("tests/serving/oversight/test_measures.py::test_a_measure_has_one_outcome",)),
    Duty("Order 117 23", "orders affected by a measure are looked after", "open orders of the subjects of measures in force: paid, and neither signed for nor refunded", ("steelyard reports orders LAKE --json",), "looking after them is the platform's", tests=("tests/serving/oversight/reports/test_affected_orders.py::test_open_orders_of_a_measure",)),
    Duty("Order 117 37", "figures made by artificial intelligence are labelled throughout", "a streamer that is delivered as virtual and not labelled is reviewed at the gate; without the column it is unknown", ("steelyard check LAKE --json",), "that a label is shown throughout is not seen in counters", tests=("tests/serving/gate/test_service_scope.py::test_streamers_are_gates_where_they_are_delivered",)),
    Duty("MCN Rules 18", "streamers are sixteen or older", "under sixteen, or under eighteen without a guardian's consent, is REJECT at the gate where age is delivered", ("steelyard check LAKE --json",), "verifying an age is the platform's", tests=("tests/serving/gate/test_service_scope.py::test_streamers_are_gates_where_they_are_delivered",)),
    Duty("Order 117 34, 44; AUCL 9; MCN Rules 17(5); E-Commerce Law 17; SAMR 91 9; SAMR 37 14(4)", "no false sales, views, follows, likes or reviews; no organising of them", "corrected figures with intervals; scores of sessions, orders and single views; rings; networks", ("steelyard show corrected_figures LAKE --json", "steelyard show rings LAKE --json", "steelyard show mcns LAKE --json"), tests=("tests/whole/test_night.py::test_corrected_figures_lie_within_what_was_counted", "tests/serving/oversight/test_findings.py::test_a_network_is_rolled_up_beside_everybody",)),
    Duty("AUCL 13 ¶4; SAMR 91 16; Order 117 36", "no brushing, malicious returns or false reviews against another", "`attribution` says who gains: beneficiary only above a stated precision, third party, or unknown", ("steelyard show tier_decisions LAKE --json",), tests=("tests/serving/tiers/test_evidence.py::test_beneficiary_follows_ratings_and_cancellations",)),
    Duty("CRPL Regulations 9 ¶1", "reviews not altered, invented or hidden", "`findings`: share of bad reviews removed beside the category's, with its chance", ("steelyard show findings LAKE --json",), tests=("tests/serving/oversight/test_findings.py::test_an_operator_that_hides_what_its_peers_leave_stands_out",)),
    Duty("AUCL 21", "the platform acts, records and reports", "a case that replays: data, model, policy; a record that is verified", ("steelyard replay LAKE --date NIGHT --models MODELS --json", "steelyard journal verify LAKE --json"), tests=("tests/whole/test_ledger.py::test_a_night_is_replayed_bit_for_bit",)),
    Duty("E-Commerce Law 36; SAMR 37 30", "measures are published, within one working day", "a public list with code, article, term and status, without grounds and persons", ("steelyard reports public LAKE --json",), "putting it online is the platform's", tests=("tests/serving/oversight/reports/test_reports.py::test_the_public_list_has_no_grounds_and_no_persons",)),
    Duty("E-Commerce Law 39, 86", "credit rules are public; no reviews are deleted; violations enter the credit file", "removed reviews still count; measures and dispositions take points; `GET /v1/credit-rules` serves weights, points and levels without a threshold of a detector", ("steelyard credit LAKE --json",), tests=("tests/serving/oversight/reports/test_reports.py::test_public_rules_hold_no_threshold_of_a_detector", "tests/serving/oversight/test_credit.py::test_a_review_that_the_operator_removed_still_counts",)),
    Duty("Platform Rules Measures 12, 15", "rules announced seven days ahead, important ones fifteen", "a policy has `announced_on`, `effective_from` and a notice period, and is refused where it is too short; every run names its policy", ("steelyard show runs LAKE --json",), "announcing a change is the platform's", tests=("tests/serving/policy/test_legal_basis.py::test_a_policy_is_announced_before_it_takes_effect",)),
    Duty("Platform Rules Measures 19; PIPL 24", "explanation; a person decides on request what was automatic", "reasons with value and peers; grave measures need a person; `appeal open --human` asks for a person; an appeal against a night, a measure or one answer of the gate is decided by another person, and a won one reaches gate, later nights and labels", ("steelyard appeal list LAKE --json", "steelyard show tier_decisions LAKE --json"), tests=("tests/serving/oversight/test_appeals.py::test_a_person_is_asked_to_decide_what_was_automatic", "tests/whole/test_appeal_of_an_answer.py::test_a_won_appeal_against_one_answer",)),
    Duty("PIPL 23, 25, 55-56 [verify]", "a basis for giving to others and for publishing personal data; impact assessment", "the public credit view and the public list show no signal, ground or person; joint lists carry salted hashes under an agreed key", ("steelyard credit LAKE --json", "steelyard reports public LAKE --json"), "the basis and the assessment are for counsel", tests=("tests/serving/oversight/test_credit.py::test_the_public_view_shows_no_internal_signal", "tests/serving/export/test_matchable_identity.py::test_the_same_number_has_the_same_identity")),
    Duty("MCN Rules 10", "networks graded by compliance, accounts, followers and credit", "`mcns`: a grade by compliance, accounts, follows and credit; operators in C and D with the chance of as many", ("steelyard show mcns LAKE --json",), "followers are known by the follows of 28 days alone", tests=("tests/serving/oversight/grading/test_grading.py::test_grade_of_a_network",)),
    Duty("ZJ-2020 [verify]", "ladder of measures; joint punishment; reporting channel", "each step of the standard is mapped to a code; its last two are human-only referrals with an evidence package", ("steelyard punishments export LAKE --to SCRATCH/list.json --issuer platform-a --json",), "the reporting channel is the platform's", tests=("tests/serving/oversight/test_measures.py::test_a_signed_list_is_taken_over_once_and_raises_a_floor_not_a_verdict", "tests/serving/oversight/test_measures.py::test_a_referral_packs_its_evidence",)),
    Duty("16 CFR 465.2, 465.4, 465.7, 465.8 (US set)", "no fake or bought reviews, no suppression, no fake indicators of influence", "`[law] jurisdiction = \"US\"` cites them in measures and findings", ("steelyard show findings LAKE --json",), tests=("tests/serving/policy/test_legal_basis.py::test_what_is_known_at_second_hand_is_cited_on_request_only",)),
    Duty("DSA 17, 20, 23, 24 (EU set) [verify]", "statement of reasons; complaints for six months; misuse; transparency report", "`[law] jurisdiction = \"EU\"`; a policy there keeps appeals open for 183 days or is refused", ("steelyard appeal list LAKE --json",), "known at second hand: cited only with `cite_unverified`", tests=("tests/serving/policy/test_legal_basis.py::test_appeals_are_open_for_six_months_in_the_european_set",)),
    Duty("UK DMCC 2024 [verify]", "fake reviews are always unfair", "scores of reviews and findings on their removal, whatever the set", ("steelyard show findings LAKE --json",), "known at second hand: no set is shipped, and nothing cites it", tests=("tests/serving/oversight/test_findings.py::test_an_operator_that_hides_what_its_peers_leave_stands_out",)),
    Duty("E-Commerce Law 36; DSA 24 [verify]", "a yearly report that can be checked", "inflation by category with intervals, measures by code and article, appeals won, time to decide, complaints, networks by grade; HTML and JSON from published nights and the record", ("steelyard reports integrity LAKE --from 2020-01-01 --to 2099-12-31 --file SCRATCH/integrity.html --json",), tests=("tests/serving/oversight/reports/test_reports.py::test_integrity_report_is_computed_from_lake_and_record",)),
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
        "| source | asks for | here | commands | tests | not here, and why |",
        "|---|---|---|---|---|---|",
    ]
    for d in DUTIES:
        commands = "<br>".join(f"`{c}`" for c in d.commands)
        tests = "<br>".join(f"`{t}`" for t in d.tests)
        lines.append(
            f"| {d.source} | {d.asks} | {d.implemented} | {commands} | {tests} "
            f"| {d.outside or '-'} |"
        )
    return "\n".join([*lines, ""])
