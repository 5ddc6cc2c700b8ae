"""The dictionary of names: what platforms call the columns, tables and words of the contracts."""

from __future__ import annotations

import difflib
import functools
import re
from importlib import resources
from typing import Any, NamedTuple

import yaml

from data_contracts.contract import LOADER, contract

NOT_IN_NAMES = re.compile(r"[\s_\-./\\·:：'\"`]+")
BRACKETS = re.compile(r"[（(\[【].*?[)）\]】]")
EXACT_SCORE, INSIDE_SCORE, SIMILAR_SCORE = 0.95, 0.7, 0.6
MIN_LIKENESS, MIN_INSIDE_CHARACTERS = 0.85, 2


class NameMatch(NamedTuple):
    """The fit of a name, 0 to 1, and its reason."""

    score: float
    why: str


NO_MATCH = NameMatch(0.0, "")


@functools.cache
def dictionary() -> dict[str, Any]:
    """The content of `names.yaml`."""
    text = (resources.files("data_contracts.intake.profiling") / "names.yaml").read_text("utf-8")
    return yaml.load(text, LOADER)


def plain(name: str) -> str:
    """A name without case, blanks, punctuation and what stands in brackets."""
    bare = NOT_IN_NAMES.sub("", BRACKETS.sub("", name)).lower()
    bare = bare or NOT_IN_NAMES.sub("", name).lower()
    return f"{bare[:-3]}count" if bare.endswith("cnt") else bare


def _names(table: str, column: str) -> list[str]:
    """Names of a contract column, its own first."""
    known = dictionary()
    special = known["columns"].get(table, {}).get(column, [])
    names = [column, *special, *(known["shared"].get(column, []))]
    return [plain(str(n)) for n in names]


def match_column(name: str, table: str, column: str) -> NameMatch:
    """The fit of a source column's name to a contract column."""
    return _match(plain(name), tuple(_names(table, column)), name)


def match_received(name: str) -> NameMatch:
    """The fit of a name to the moment of delivery or of the last change."""
    return _match(plain(name), tuple(plain(n) for n in dictionary()["received"]), name)


def match_moment(name: str) -> NameMatch:
    """The fit of a name to the moment at which a counter was read."""
    return _match(plain(name), tuple(plain(n) for n in dictionary()["moment"]), name)


@functools.lru_cache(maxsize=50_000)
def _match(given: str, names: tuple[str, ...], shown_name: str) -> NameMatch:
    """Best match of a plain name; the position in the list breaks ties in favour of the first."""
    if given in names:
        place = names.index(given)
        return NameMatch(EXACT_SCORE - 0.005 * min(place, 20), f"named {shown_name}")
    inside = [
        n
        for n in names
        if len(n) >= MIN_INSIDE_CHARACTERS
        and (given.endswith(n) or given.startswith(n))
        and len(n) >= len(given) / 2
    ]
    if inside:
        return NameMatch(INSIDE_SCORE, f"its name has {max(inside, key=len)!r}")
    near = difflib.get_close_matches(given, names, n=1, cutoff=MIN_LIKENESS)
    return NameMatch(SIMILAR_SCORE, f"named like {near[0]!r}") if near else NO_MATCH


def match_table(name: str, table: str) -> NameMatch:
    """The fit of a source's name to a contract table."""
    given = plain(name)
    names = [plain(n) for n in [table, *dictionary()["tables"].get(table, [])]]
    found = [n for n in names if n in given]
    if not found:
        return NO_MATCH
    longest = max(found, key=len)
    return NameMatch(
        EXACT_SCORE if longest == given else INSIDE_SCORE, f"the source is named {name}"
    )


def known_words(table: str, column: str) -> dict[str, str]:
    """Their word, plain → the contract's word, for a column with a closed list."""
    found = {plain(v): v for v in contract(table).column(column).values or ()}
    for word, theirs in dictionary()["words"].get(f"{table}.{column}", {}).items():
        found |= {plain(str(t)): word for t in theirs}
    return found
