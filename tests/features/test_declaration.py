"""Claims about declaring signals: one function says all that is asked of a signal."""

from __future__ import annotations

import importlib.util
from datetime import datetime
from types import ModuleType

import pytest

from features import catalogue, catalogue_page
from features.declaration import (
    OPERATOR,
    Dimension,
    Unit,
    per_operator,
    relation,
    signal,
    signals_in,
)
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from features.signals.sessions import view_durations

SOURCE = '''
from features.declaration import signal
from features.signals.sessions.view_durations import stays


@signal(
    stays,
    direction=1,
    alarm=0.5,
    zh="{value} 的观看超过一小时",
    en="{value} of its views lasted more than an hour",
    blind="Long sessions.",
)
def hour_view_share(t):
    """Share of views that lasted more than an hour."""
    return (t.stay > 3600.0).mean()
'''


@pytest.fixture
def module(tmp_path) -> ModuleType:
    """A module with one signal, written a moment ago."""
    path = tmp_path / "hour_views.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("hour_views", path)
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_a_new_signal_is_computed_documented_and_reasoned(tiny, module):
    """Adding a signal touches one function: values, the catalogue page and reasons have it."""
    signals = signals_in(*catalogue.MODULES, module)
    assert signals[:-1] == catalogue.CATALOGUE and signals[-1] is module.hour_view_share
    with Snapshot.open(tiny, datetime(2026, 1, 17)) as snapshot:
        values = compute(snapshot, signals_in(view_durations, module), "session")
    assert values["hour_view_share"].between(0.0, 1.0).all() and len(values) > 10
    rows = [
        line for line in catalogue_page.page(signals).splitlines() if "`hour_view_share`" in line
    ]
    assert len(rows) == 1 and "超过一小时" in rows[0] and "`view_count`" in rows[0]
    said = module.hour_view_share.reason(0.9, 0.1)
    assert said["en"] == "90 % of its views lasted more than an hour; comparable sessions: 10 %"


def test_what_a_signal_does_not_say_its_relation_does(module):
    """Unit, typology, dimension, group and denominator follow from relation, unit and name."""
    made = module.hour_view_share
    assert made.unit is Unit.SHARE_OF_VIEWS and made.typology == "view_fraud"
    assert made.dimension is Dimension.VIEW and made.denominator == "view_count"
    assert made.evidence_group == "hour_view_share" and made.reads == ("views", "sessions")


def test_a_signal_repeats_over_operators(module):
    """`per_operator` keeps the text, and takes key, denominator and peers of the operator."""

    @relation(OPERATOR, reads=("sessions", "views"))
    def all_views(sessions, views):
        """Views of an operator."""
        return views

    made = per_operator(module.hour_view_share, all_views, alarm=0.3)
    assert made.name == "operator_hour_view_share" and made.entity == OPERATOR
    assert made.alarm == 0.3 and made.denominator == "operator_view_count"
    assert made.reason(0.9, 0.1)["en"].endswith("; comparable operators: 10 %")


def test_a_signal_without_unit_is_refused():
    """A signal has a unit and a typology, its own or its relation's."""
    with pytest.raises(TypeError, match="unit"):
        signal(zh="{value}", en="{value}", blind="")


@pytest.mark.parametrize("one", catalogue.CATALOGUE, ids=lambda s: s.name)
def test_denominators_and_groups_name_what_there_is(one):
    """A denominator is a counter of the same entity; a share of counts is printed in percent."""
    if one.denominator:
        counter = catalogue.BY_NAME[one.denominator]
        assert counter.entity == one.entity and not counter.unit.is_share_of_counts
    assert one.evidence_group and isinstance(one.unit, Unit)
    assert not one.unit.is_share_of_counts or one.unit.printed(0.5)[1] == "50 %"
