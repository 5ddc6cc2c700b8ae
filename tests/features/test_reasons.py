"""Claims about the reason texts of every signal of the catalogue."""

from __future__ import annotations

import re

import numpy as np
import pytest

from features.catalogue import BY_NAME, CATALOGUE
from features.entities import PEERS
from features.units import Unit

# Words that only a statistician reads, or that no reader outside the code knows.
FORBIDDEN = re.compile(
    r"(?<!percentage )\bpoints?\b|\bnats?\b|\bspreads\b|standard deviation|log-odds|\blog\b|"
    r"deviance|\be\^|标准差|对数|熵|偏离.*分|[{}]",
    re.IGNORECASE,
)
SUSPICIOUS, ORDINARY = 0.62, 0.04
every = pytest.mark.parametrize("signal", CATALOGUE, ids=lambda s: s.name)


def pair(signal) -> tuple[float, float]:
    """A value on the suspicious side and a median of the signal's peers."""
    return (SUSPICIOUS, ORDINARY) if signal.direction >= 0 else (ORDINARY, SUSPICIOUS)


@every
def test_a_reason_is_one_fact_with_one_value(signal):
    """A text has one place for one value, no format of its own, and both languages."""
    for text in (signal.zh, signal.en):
        assert text.count("{value}") == 1 and text.count("{") == 1
        assert not FORBIDDEN.search(text.replace("{value}", "")), text
        assert not text.endswith((".", "。"))
    assert re.search(r"[\u4e00-\u9fff]", signal.zh) and not re.search(r"[\u4e00-\u9fff]", signal.en)


@every
def test_value_and_median_are_printed_in_one_unit(signal):
    """The reason ends with the peers' median, worded as the value is."""
    value, median = pair(signal)
    said = signal.reason(value, median)
    printed, compared = signal.unit.printed_pair(value, median)
    for language, place in (("zh", 0), ("en", 1)):
        fact, _, comparison = said[language].partition("；" if language == "zh" else "; ")
        assert printed[place] in fact
        assert comparison.startswith(PEERS[signal.entity][place])
        assert comparison.endswith(compared[place])
        assert not FORBIDDEN.search(said[language])
        words = [re.sub(r"-?[\d.,]+", "N", text[place]) for text in (printed, compared)]
        assert signal.unit is Unit.FLAG or len({w.replace("Ns", "N") for w in words}) == 1


@every
def test_a_reason_without_a_median_is_the_fact_alone(signal):
    """Where peers are unknown nothing is compared."""
    said = signal.reason(SUSPICIOUS)
    assert "；" not in said["zh"] and "; " not in said["en"] and "None" not in str(said)


@every
def test_the_innocent_side_speaks_against_nobody(signal):
    """Values at or below what peers show, on the signal's side, are no reason; nor are counts."""
    value, median = pair(signal)
    assert signal.speaks_against(value, median) is bool(signal.direction)
    assert not signal.speaks_against(median, value) and not signal.speaks_against(median, median)
    assert not (signal.speaks_against(value, median) and signal.speaks_for(value, median))
    assert signal.speaks_against(np.nan, median) is False
    if signal.alarm is None:
        assert not signal.speaks_against(value, None)


def test_no_view_of_new_accounts_is_no_reason():
    """0 % of new accounts was once listed as evidence in a rejection."""
    signal = BY_NAME["new_account_join_share"]
    assert not signal.speaks_against(0.0, None) and not signal.speaks_against(0.0, 0.0)
    assert not signal.speaks_against(0.0, 0.05) and signal.speaks_for(0.0, 0.05)


def test_the_words_of_the_issue():
    """The two sentences by which reasons are measured."""
    said = BY_NAME["flash_view_share"].reason(0.31, 0.04)
    assert said["en"] == "31 % of its views left within 3 s; comparable sessions: 4 %"
    assert said["zh"] == "31% 的观看在 3 秒内离开；同类场次为 4%"


@pytest.mark.parametrize(
    ("unit", "value", "median", "expected"),
    [
        (Unit.SHARE_OF_VIEWS, 0.0402, 0.0404, ("4.02 %", "4.04 %")),
        (Unit.VIEWS, 1234.0, 1.0, ("1,234 views", "1 view")),
        (Unit.LOG, 1.2, 0.1, ("3.3 times", "1.1 times")),
        (Unit.STANDARD_DEVIATIONS, 6.23, -0.02, None),
        (Unit.FLAG, 1.0, 0.0, ("yes", "no")),
    ],
)
def test_units_print_what_a_reader_knows(unit, value, median, expected):
    """Digits suffice to tell both apart, logarithms are factors, counts have a plural."""
    printed, compared = unit.printed_pair(value, median)
    expected = expected or (
        "6.2 times the chance variation",
        "-0.02 times the chance variation",
    )
    assert (printed[1], compared[1]) == expected
