"""The ladder of measures, what is proportionate, and from when and by which law a policy binds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

ARTICLE_12_CODES = (
    "warn",
    "limit_functions",
    "limit_traffic",
    "suspend_stream",
    "stop_for_term",
    "close_account",
    "bar_reregistration",
    "blacklist",
)


@dataclass(frozen=True)
class Step:
    """One step of the ladder of measures.

    Attributes
    ----------
    code, zh, en
        Code and names.
    counts_as
        The code of Order 117 Art. 12 that it is reported as; empty for none.
    boost
        What it does to a boost while it is in force: `none`, `review` or `refuse`.
    severity
        Weight in credit and proportionality; None takes the place on the ladder.
    article
        Kept from policies that cited articles themselves; the law is cited instead.
    """

    code: str
    zh: str
    en: str
    counts_as: str = ""
    boost: str = "none"
    severity: float | None = None
    article: str = ""


@dataclass(frozen=True)
class ProportionalityPolicy:
    """Strictest code by points of facts, repetition and harm.

    Attributes
    ----------
    strictest
        Code for 0, 1, 2, ... points; the last holds for more.
    repetition_days
        Days for which earlier measures count as repetition.
    grave_harm
        Expected harm from which harm adds a point.
    """

    strictest: tuple[str, ...] = ("limit_traffic", "block", "close_live", "refer_judiciary")
    repetition_days: int = 365
    grave_harm: float = 0.5


@dataclass(frozen=True)
class LawPolicy:
    """The binding rules: the jurisdiction, and whether second-hand articles are cited."""

    jurisdiction: str = "CN"
    cite_unverified: bool = False


@dataclass(frozen=True)
class ValidityPolicy:
    """Dates of a policy. A change is announced some days ahead, an important one longer."""

    announced_on: date | None = None
    effective_from: date | None = None
    important: bool = False
    notice_days: int = 7
    important_notice_days: int = 15

    def is_in_force(self, on: date) -> bool:
        """Whether the policy binds on a date; one without a date always does."""
        return self.effective_from is None or self.effective_from <= on
