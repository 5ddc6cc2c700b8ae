"""Law as dated data: an act cites what is in force on its date, and never the draft."""

from __future__ import annotations

from datetime import date

import pytest

from serving.policy.legal_basis import JURISDICTIONS, BadLaw, load_law, parse_law
from serving.policy.load import BadPolicy, load_policy, parse_policy

POLICY = load_policy()
JANUARY, MARCH, OCTOBER = date(2026, 1, 20), date(2026, 3, 20), date(2026, 10, 1)
LAW = """
jurisdiction = "XX"
otherwise_zh = "规则"
otherwise_en = "rules"
[[instrument]]
id = "Old"
zh = "旧"
en = "old"
from = 2020-01-01
to = 2026-02-01
[instrument.articles]
"1" = "a"
[[instrument]]
id = "New"
zh = "新"
en = "new"
from = 2026-02-01
[instrument.articles]
"2" = "b"
[[instrument]]
id = "Draft"
zh = "草案"
en = "draft"
from = 2020-01-01
draft = true
[instrument.articles]
"3" = "c"
[[rule]]
kind = "measure"
names = ["warn"]
cites = ["Old 1", "New 2"]
"""


def test_january_and_march_cite_other_articles():
    """Measures of January and of March cite different articles."""
    for code in ("warn", "limit_traffic", "blacklist"):
        january, march = (POLICY.cite("measure", code, on) for on in (JANUARY, MARCH))
        assert "Order 117" not in january and "Order 117 12 ¶1" in march
    assert "Order 117 14" in POLICY.cite("measure", "blacklist", MARCH)
    assert POLICY.cite("typology", "order_fraud", JANUARY).startswith("AUCL 9 ¶1")
    assert "Order 117 34" in POLICY.cite("typology", "order_fraud", MARCH)
    assert "MCN Rules" in POLICY.cite("typology", "mcn_organised", OCTOBER)
    assert "MCN Rules" not in POLICY.cite("typology", "mcn_organised", MARCH)


def test_the_draft_is_never_cited():
    """The draft is never cited."""
    for jurisdiction in JURISDICTIONS:
        law = load_law(jurisdiction)
        for kind, name in law.rules:
            for on in (date(2020, 12, 1), JANUARY, MARCH, OCTOBER):
                assert "CAC-2020" not in law.cite(kind, name, on, cite_unverified=True)
    with pytest.raises(BadLaw, match="Draft 3"):
        parse_law(LAW.replace('"New 2"', '"Draft 3"'))


def test_an_instrument_ends_on_its_day():
    """An instrument ends on its day."""
    law = parse_law(LAW)
    assert law.cite("measure", "warn", date(2026, 1, 31)) == "Old 1"
    assert law.cite("measure", "warn", date(2026, 2, 1)) == "New 2"
    assert law.cite("measure", "warn", date(2019, 1, 1)) == "rules"
    assert law.cite("measure", "unknown", date(2026, 2, 1)) == "rules"


def test_what_is_known_at_second_hand_is_cited_on_request_only():
    """Articles known at second hand are cited on request only."""
    eu = load_law("EU")
    assert eu.cite("measure", "warn", MARCH) == "platform rules"
    assert eu.cite("measure", "warn", MARCH, cite_unverified=True) == "DSA 17"
    standard = load_law("CN").cite("measure", "correct", MARCH, cite_unverified=True)
    assert standard.endswith("ZJ-2020 ladder 1")
    assert load_law("US").cite("typology", "view_fraud", MARCH) == "16 CFR 465.8"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"Old 1"', '"Old 9"'),
        ('kind = "measure"', 'kind = "mood"'),
        ("to = 2026-02-01", "to = 2020-01-01"),
        ('jurisdiction = "XX"', ""),
    ],
)
def test_a_law_that_contradicts_itself_is_refused(old, new):
    """A law that contradicts itself is refused."""
    with pytest.raises(BadLaw):
        parse_law(LAW.replace(old, new))


def test_every_code_and_finding_of_the_policy_has_a_rule():
    """Every code and finding of the policy has a rule."""
    law = load_law("CN")
    assert {s.code for s in POLICY.ladder} <= {
        name for kind, name in law.rules if kind == "measure"
    }
    assert {"traffic_to_known_risk", "review_suppression"} <= {name for _, name in law.rules}


def test_other_sets_cite_what_they_know_and_else_the_platform():
    """The US set knows reviews and indicators; the EU set measures, complaints and reports."""
    us, eu = load_law("US"), load_law("EU")
    assert us.cite("typology", "mcn_organised", MARCH) == "16 CFR 465.2; 16 CFR 465.4; 16 CFR 465.8"
    assert us.cite("duty", "complaints", MARCH) == "platform rules"
    assert eu.cite("duty", "integrity_report", MARCH, cite_unverified=True) == "DSA 24"
    assert eu.cite("duty", "complaints", MARCH, cite_unverified=True) == "DSA 20"
    assert eu.cite("typology", "order_fraud", MARCH, cite_unverified=True) == "platform rules"
    cn = load_law("CN")
    assert cn.cite("duty", "affected_orders", MARCH) == "Order 117 23"
    assert cn.cite("duty", "streamer_age", OCTOBER) == "MCN Rules 18"
    assert cn.cite("duty", "streamer_age", MARCH) == "platform rules"


def test_a_policy_is_announced_before_it_takes_effect():
    """A policy is announced before it takes effect."""
    dates = "[validity]\nannounced_on = 2026-03-01\neffective_from = {}\n"
    good = POLICY.text.replace("[validity]\n", dates.format("2026-03-08"))
    policy = parse_policy(good)
    assert policy.validity.is_in_force(date(2026, 3, 8))
    assert not policy.validity.is_in_force(date(2026, 3, 7))
    for early, text in (
        ("2026-03-07", POLICY.text),
        ("2026-03-15", POLICY.text.replace("important = false", "important = true")),
    ):
        with pytest.raises(BadPolicy, match="announced"):
            parse_policy(text.replace("[validity]\n", dates.format(early)))


def test_appeals_are_open_for_six_months_in_the_european_set():
    """Appeals are open for six months under the European set."""
    text = POLICY.text.replace('jurisdiction = "CN"', 'jurisdiction = "EU"')
    with pytest.raises(BadPolicy, match="183"):
        parse_policy(text)
    assert parse_policy(f"{text}open_days = 183\n").appeal_open_days == 183


def test_a_policy_of_an_earlier_version_is_still_read():
    """Sections and keys that were added have defaults."""
    text = POLICY.text
    for key in ("limiting_measure", "refusing_measure", "trade_years", "assumed_completion_days"):
        text = "\n".join(x for x in text.split("\n") if not x.startswith(f"{key} ="))
    text = (
        text.replace("[law]", "[tiers2]").split("[tiers2]")[0]
        + "[tiers]"
        + text.split("[tiers]")[1]
    )
    start = text.index("[proportionality]")
    text = text[:start] + text[text.index("[credit]") :]
    assert parse_policy(text).floors == POLICY.floors


def test_a_jurisdiction_that_is_not_shipped_is_refused():
    """A jurisdiction without a file is refused, and the words name those that are shipped."""
    with pytest.raises(BadLaw) as refused:
        load_law("ZZ")
    assert str(refused.value) == f"no law of 'ZZ' is shipped; there are {', '.join(JURISDICTIONS)}"


def test_law_is_read_from_a_file_of_that_form(tmp_path):
    """A file of law is read, and one that is missing is refused by its path."""
    path = tmp_path / "law.toml"
    path.write_text(LAW, "utf-8")
    assert load_law(path).cite("measure", "warn", JANUARY) == "Old 1"
    with pytest.raises(BadLaw) as refused:
        load_law(tmp_path / "none.toml")
    assert str(refused.value).startswith(f"law {tmp_path / 'none.toml'}: FileNotFoundError")
