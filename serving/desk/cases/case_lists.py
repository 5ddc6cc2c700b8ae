"""Watchlists, saved filters, assignment rules and capacities: a fold over the acts on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from serving.desk.cases.case_state import (
    CAPACITY_SET,
    FILTER_REMOVED,
    FILTER_SAVED,
    RULE_REMOVED,
    RULE_SET,
    UNWATCHED,
    WATCHED,
    CaseLine,
    effective_lines,
)

Row = dict[str, Any]


@dataclass(frozen=True)
class DeskLists:
    """Rows of the tables that hold lists of the desk."""

    watches: list[Row]
    filters: list[Row]
    rules: list[Row]
    capacities: list[Row]


def lists_of(lines: Iterable[CaseLine]) -> DeskLists:
    """The lists after the acts on them, oldest first; acts on cases change nothing."""
    watches: dict[tuple[str, str], Row] = {}
    filters: dict[tuple[str, str], Row] = {}
    rules: dict[str, Row] = {}
    capacities: dict[str, Row] = {}
    for line in effective_lines(lines):
        b = line.body
        act = b["act"]
        if act == WATCHED:
            watches[(b["watchlist"], b["operator_id"])] = _watch(line)
        elif act == UNWATCHED:
            watches.pop((b["watchlist"], b["operator_id"]), None)
        elif act == FILTER_SAVED:
            row = {"by": b["by"], "name": b["name"], "query": b["query"]}
            filters[(b["by"], b["name"])] = row
        elif act == FILTER_REMOVED:
            filters.pop((b["by"], b["name"]), None)
        elif act == RULE_SET:
            rules[b["act_id"]] = {
                "rule_id": b["act_id"],
                "place": line.number,
                "column": b["column"],
                "value": b["value"],
                "persons": "\n".join(b["persons"]),
            }
        elif act == RULE_REMOVED:
            rules.pop(b["rule_id"], None)
        elif act == CAPACITY_SET:
            capacities[b["person"]] = {"person": b["person"], "minutes": b["minutes"]}
    return DeskLists(
        list(watches.values()),
        list(filters.values()),
        list(rules.values()),
        list(capacities.values()),
    )


def _watch(line: CaseLine) -> Row:
    b = line.body
    until = b.get("until")
    return {
        "watchlist": b["watchlist"],
        "operator_id": b["operator_id"],
        "by": b["by"],
        "at": line.at.replace(tzinfo=UTC),
        "reason": b["reason"],
        "until": datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None,
    }
