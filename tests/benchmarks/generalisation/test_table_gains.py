"""Gains of tables are paired by world, and no signal tells of a table that is not there."""

from __future__ import annotations

import pandas as pd

from benchmarks.generalisation.table_gains import sets_of_tables, summary, unknown_signals
from features import catalogue


def test_sets_are_complete():
    """A table comes with those that it needs, and some event is among them."""
    found = set(sets_of_tables())
    assert frozenset({"orders"}) in found and frozenset({"views"}) not in found
    assert frozenset({"sessions", "room_minutes", "views"}) in found
    assert frozenset({"sessions"}) not in found


def test_signals_of_missing_tables_are_unknown():
    """A signal is unknown that reads a missing table itself, by what it needs, or everything."""
    unknown = set(unknown_signals("session", {"views"}))
    by_name = {s.name: s for s in catalogue.of_entity("session")}
    assert all("views" not in by_name[n].reads for n in set(by_name) - unknown)
    derived = {
        n for n, s in by_name.items() if s.source and any(d.from_all for d in s.source.needs)
    }
    assert derived and derived <= unknown
    assert set(by_name) - unknown


def test_gain_is_the_mean_of_paired_differences():
    """Families weigh alike, and worlds without the table do not count."""
    rows = [
        ("orders", "a", "a-1", 0.1),
        ("orders", "a", "a-2", 0.3),
        ("orders", "b", "b-1", 0.2),
        ("orders", "c", "c-1", 0.9),
        ("after_sales,orders", "a", "a-1", 0.2),
        ("after_sales,orders", "a", "a-2", 0.5),
        ("after_sales,orders", "b", "b-1", 0.6),
    ]
    records = pd.DataFrame(rows, columns=["tables", "family", "world", "recall"])
    found = summary(records.assign(entity="order"))["order"]
    gain = found["orders"]["gains"]["after_sales"]
    assert gain == {"from": 0.2, "gain": 0.275, "families": 2, "worlds": 3}
    assert found["orders"]["recall"] == 0.433 and found["after_sales,orders"]["gains"] == {}
