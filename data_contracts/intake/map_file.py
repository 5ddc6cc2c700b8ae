"""Reading a map: its file, what it names wrongly, and its answers put in place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from data_contracts.contract import LOADER, contract, inbound_names
from data_contracts.errors import LakeProblem
from data_contracts.intake.mapping import LEAVE_OUT, RECEIPTS, TAKE_THE_GUESS, Map


class MapProblems(LakeProblem):
    """A map cannot be used as it is; every problem is listed."""

    def __init__(self, place: str, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n  ".join([f"{place}: {len(self.problems)} to mend", *self.problems]))


def answer_questions(given: Map, accept_guesses: bool = False) -> Map:
    """Return the map with its answers put in place.

    Parameters
    ----------
    given
        The map.
    accept_guesses
        Take the guess of every open question that has one.

    Raises
    ------
    MapProblems
        A question is open; all of them are listed.
    """
    document = given.model_dump(by_alias=True)
    unanswered = []
    for question in given.questions:
        answer = question.answer
        if answer == TAKE_THE_GUESS or (answer is None and accept_guesses):
            answer = question.guess
        if answer is None:
            guess = f"; guess: {question.guess}" if question.guess else ""
            unanswered.append(
                f"questions, {question.sets}: {question.asks}{guess} "
                f"({question.confidence:.0%}: {question.why}). To mend it: write its answer, "
                + ("`yes` for the guess" if question.guess else "a column or an expression")
            )
            continue
        _put(document, question.sets.split("."), answer)
    if unanswered:
        raise MapProblems("map", unanswered)
    return parse_map(document | {"questions": []}, "map")


def _put(document: dict[str, Any], path: list[str], value: str) -> None:
    """Set a value at a dotted place; `none` leaves a column out."""
    place = document
    for name in path[:-1]:
        place = place.setdefault(name, {})
    if len(path) > 1 and path[-2] == "columns" and value == LEAVE_OUT:
        place.pop(path[-1], None)
    elif len(path) > 1 and path[-2] == "columns":
        place[path[-1]] = (place.get(path[-1]) or {}) | {"from": value}
    else:
        place[path[-1]] = value


def parse_map(document: Any, place: str) -> Map:
    """Read a map from what YAML holds.

    Raises
    ------
    MapProblems
        Lists every key and value that the map cannot have.
    """
    try:
        found = Map.model_validate(document)
    except ValidationError as error:
        raise MapProblems(
            place, [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        ) from error
    if problems := list(_problems(found)):
        raise MapProblems(place, problems)
    return found


def _problems(found: Map) -> list[str]:
    """Problems of a map: names that no contract and no source has."""
    problems = []
    asked = {q.sets for q in found.questions}
    for name, table in found.tables.items():
        if name not in inbound_names():
            problems.append(f"tables.{name}: no such table; one of {', '.join(inbound_names())}")
            continue
        if (table.source is None) == (table.query is None):
            problems.append(f"tables.{name}: name either its source or a query")
        if table.source is not None and table.source not in found.sources:
            known = ", ".join(found.sources)
            problems.append(f"tables.{name}.source: no source is called {table.source!r}: {known}")
        wanted = contract(name)
        names = [c.name for c in wanted.columns if c.name != wanted.received]
        problems += [
            f"tables.{name}.columns.{given}: not a column of the contract: {', '.join(names)}"
            for given in [*table.columns, *table.key]
            if given not in names
        ]
        problems += [
            f"tables.{name}.columns.{c.name}: required by the contract, {c.description}"
            for c in wanted.columns
            if c.required
            and c.name != wanted.received
            and c.name not in table.columns
            and f"tables.{name}.columns.{c.name}" not in asked
        ]
        if table.received_at is None and f"tables.{name}.received_at" not in asked:
            problems.append(
                f"tables.{name}.received_at: say when rows arrived: a column, an expression, "
                f"or {', '.join(RECEIPTS)}"
            )
    return problems


def load_map(path: Path) -> Map:
    """Read `map.yaml`.

    Raises
    ------
    LakeProblem
        The file does not exist, is not YAML, or is no map (`MapProblems`).
    """
    if not path.is_file():
        raise LakeProblem(f"{path} does not exist. Make one: steelyard map SOURCE -o {path}")
    try:
        document = yaml.load(path.read_text("utf-8"), LOADER)
    except yaml.YAMLError as error:
        raise LakeProblem(f"{path} is not YAML: {str(error).splitlines()[0]}") from error
    return parse_map(document, str(path))
