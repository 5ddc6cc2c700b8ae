"""A draft is checked: what is wrong is named at its key and line."""

from __future__ import annotations

from datetime import date

import pytest

from serving.desk.laboratory.policy_check import check_policy
from serving.desk.laboratory.policy_text import (
    changed_values,
    difference,
    line_of,
    with_dates,
    with_value,
)
from serving.policy.load import load_policy

TEXT = load_policy().text
CASES = [
    ("C = 0.50", "C = 1.5", "too_large", "tiers.C"),
    ("C = 0.50", 'C = "half"', "no_number", "tiers.C"),
    ("C = 0.50", "C = 0.9", "order_of_tiers", "tiers"),
    ("C = 0.50", "C = nan", "no_number", "tiers.C"),
    ("clean_nights = 7\n", "", "missing", "tiers.clean_nights"),
    ("clean_nights = 7", "clean_nights = 7.5", "no_integer", "tiers.clean_nights"),
    ("clean_nights = 7", "clean_nigths = 7\nclean_nights = 7", "unknown_key", "tiers.clean_nigths"),
    ("[audit]", "[audits]\nx = 1\n[audit]", "unknown_key", "audits"),
    ('code = "warn"', "code = 4", "no_text", "ladder.code"),
    ('B = "popup"', 'B = "block"', "measure_of_person", "measures"),
    ("trade_years = 3", "trade_years = 2", "retention_floor", "retention"),
    ("allows = []", "allows = 3", "no_list", "entitlements.allows"),
]


@pytest.mark.parametrize(("old", "new", "code", "place"), CASES)
def test_fault_is_named_at_its_key_and_line(old, new, code, place):
    """The line is that of the key, or of the section that lacks it."""
    assert TEXT.count(old) >= 1
    text = TEXT.replace(old, new, 1)
    (problem, *_) = check_policy(text)
    assert (problem.code, problem.place) == (code, place)
    line = text.splitlines()[problem.line - 1]
    last = place.rpartition(".")[2]
    assert last in line or place.partition(".")[0] in line


def test_text_that_is_no_toml_names_the_line():
    """What the parser says is shown by line and column, not as an exception."""
    (problem,) = check_policy(TEXT.replace("C = 0.50", "C = "))
    assert problem.code == "syntax"
    assert TEXT.splitlines()[problem.line - 1] == "C = 0.50"


def test_policy_of_the_package_holds():
    """The policy in force has no problem, and so have other dates of it."""
    assert check_policy(TEXT) == []
    dated = with_dates(TEXT, date(2026, 12, 1), date(2026, 12, 16), important=True)
    assert check_policy(dated) == []
    soon = with_dates(TEXT, date(2026, 12, 1), date(2026, 12, 9), important=True)
    assert [p.code for p in check_policy(soon)] == ["notice_period"]


def test_changes_are_told_by_value_and_by_line():
    """Values that differ are named by key; lines around the change are kept."""
    after = with_value(TEXT, "tiers", "C", "0.6").replace('en = "block"', 'en = "blocking"')
    assert [(c.place, c.before, c.after) for c in changed_values(TEXT, after)] == [
        ("tiers.C", "0.5", "0.6"),
        ("ladder[block].en", "block", "blocking"),
    ]
    lines = difference(TEXT, after)
    assert [x.text for x in lines if x.kind == "added"] == ["C = 0.6", 'en = "blocking"']
    assert sum(x.kind == "gap" for x in lines) == 1
    assert difference(TEXT, TEXT) == []


def test_value_is_set_where_the_section_lacks_it():
    """A key that is not there is added under its header, once."""
    text = with_value(TEXT, "validity", "announced_on", "2026-12-01")
    assert line_of(text, "validity", "announced_on") == line_of(text, "validity") + 1
    assert with_value(text, "validity", "announced_on", "2026-12-01") == text
