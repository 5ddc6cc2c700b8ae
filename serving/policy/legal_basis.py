"""Legal basis: which articles were in force on a date, for a measure, a finding or a duty."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from data_contracts.errors import SteelyardError

JURISDICTIONS = ("CN", "US", "EU")
KINDS = ("measure", "typology", "duty")


class BadLaw(SteelyardError):
    """A file of law cannot be followed."""

    exit_code = 7


@dataclass(frozen=True)
class Instrument:
    """A law, order or standard, with its articles and the dates between which it is in force.

    `is_read` is false for what is known at second hand. `is_draft` is true for what never came
    into force.
    """

    id: str
    zh: str
    en: str
    in_force_from: date
    in_force_to: date | None = None
    is_read: bool = True
    is_draft: bool = False
    articles: dict[str, str] = field(default_factory=dict)

    def is_in_force(self, on: date) -> bool:
        """Whether it binds on a date; its last day is not part of it."""
        ended = self.in_force_to is not None and on >= self.in_force_to
        return not self.is_draft and self.in_force_from <= on and not ended


@dataclass(frozen=True)
class Citation:
    """An article of an instrument."""

    instrument: Instrument
    article: str

    def __str__(self) -> str:
        """Return the citation in short, such as `Order 117 12 ¶1`."""
        return f"{self.instrument.id} {self.article}"


@dataclass(frozen=True)
class Rule:
    """The articles that one code, typology or duty rests on; `origin` is never cited."""

    citations: tuple[Citation, ...]
    origin: str = ""


@dataclass(frozen=True)
class Law:
    """The instruments of a jurisdiction and the rules that rest on them.

    Examples
    --------
    >>> law = load_law("CN")
    >>> law.cite("typology", "order_fraud", date(2026, 1, 20))
    'AUCL 9 ¶1; E-Commerce Law 17; SAMR 91 9'
    >>> law.cite("measure", "blacklist", date(2026, 3, 1))
    'Order 117 12 ¶1; Order 117 14; AUCL 21; E-Commerce Law 36'
    """

    jurisdiction: str
    instruments: dict[str, Instrument]
    rules: dict[tuple[str, str], Rule]
    otherwise_zh: str
    otherwise_en: str

    def basis(
        self, kind: str, name: str, on: date, cite_unverified: bool = False
    ) -> tuple[Citation, ...]:
        """Articles in force on a date that a code, typology or duty rests on.

        Parameters
        ----------
        kind, name
            One of `KINDS`, and the code, typology or duty.
        on
            The date of the act that cites.
        cite_unverified
            Cite instruments that are known at second hand as well.
        """
        rule = self.rules.get((kind, name), Rule(()))
        return tuple(
            c
            for c in rule.citations
            if c.instrument.is_in_force(on) and (c.instrument.is_read or cite_unverified)
        )

    def cite(self, kind: str, name: str, on: date, cite_unverified: bool = False) -> str:
        """Citations of a basis in one line; the platform's rules where no article is in force."""
        found = self.basis(kind, name, on, cite_unverified)
        return "; ".join(map(str, found)) or self.otherwise_en


def load_law(jurisdiction: str | Path) -> Law:
    """Read the law of a jurisdiction that is shipped, or a file of that form.

    Raises
    ------
    BadLaw
        There is no such file, or its parts contradict each other.
    """
    if isinstance(jurisdiction, Path):
        return _read_file(jurisdiction)
    return _shipped(jurisdiction)


@cache
def _shipped(jurisdiction: str) -> Law:
    if jurisdiction not in JURISDICTIONS:
        raise BadLaw(f"no law of {jurisdiction!r} is shipped; there are {', '.join(JURISDICTIONS)}")
    path = resources.files("serving.policy.law") / f"{jurisdiction.lower()}.toml"
    return parse_law(path.read_text("utf-8"))


def _read_file(path: Path) -> Law:
    try:
        return parse_law(path.read_text("utf-8"))
    except OSError as error:
        raise BadLaw(f"law {path}: {error!r}") from error


def parse_law(text: str) -> Law:
    """Parse the text of a file of law. Raises BadLaw."""
    try:
        document = tomllib.loads(text)
        instruments = {one["id"]: _instrument(one) for one in document["instrument"]}
        rules: dict[tuple[str, str], Rule] = {}
        for one in document.get("rule", []):
            rule = Rule(
                tuple(_citation(c, instruments) for c in one["cites"]), one.get("origin", "")
            )
            for name in one["names"]:
                if one["kind"] not in KINDS or (one["kind"], name) in rules:
                    raise BadLaw(f"law: {one['kind']} {name} is of no kind, or has two rules")
                rules[one["kind"], name] = rule
        return Law(
            document["jurisdiction"],
            instruments,
            rules,
            document["otherwise_zh"],
            document["otherwise_en"],
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BadLaw(f"law: {error!r}") from error


def _instrument(one: dict[str, Any]) -> Instrument:
    start, end = one["from"], one.get("to")
    if not isinstance(start, date) or (end is not None and end <= start):
        raise BadLaw(f"law {one['id']}: `from` is a date, and `to` a later one")
    return Instrument(
        one["id"],
        one["zh"],
        one["en"],
        start,
        end,
        one.get("read", True),
        one.get("draft", False),
        one.get("articles", {}),
    )


def _citation(text: str, instruments: dict[str, Instrument]) -> Citation:
    """The article that a text such as `Order 117 12 ¶1` names. Raises BadLaw."""
    for name, instrument in instruments.items():
        article = text.removeprefix(f"{name} ")
        if article != text and article in instrument.articles and not instrument.is_draft:
            return Citation(instrument, article)
    raise BadLaw(f"law: {text!r} names no article of an instrument that came into force")
