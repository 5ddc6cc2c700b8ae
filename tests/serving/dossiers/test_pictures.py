"""Pictures: positions follow from values, the same each time."""

from __future__ import annotations

from datetime import date, datetime
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pandas as pd

from serving.dossiers.pictures.axes import Scale, clock_ticks
from serving.dossiers.pictures.figure_bars import figure_bars
from serving.dossiers.pictures.ring_picture import MAX_DRAWN_MEMBERS, ring_picture
from serving.dossiers.pictures.risk_pictures import risk_histogram, risk_history
from serving.dossiers.pictures.timeline import MAX_POINTS, granted_minutes, timeline
from serving.dossiers.session_dossier import Cause
from serving.pages.standalone_pictures import timeline_file

START = datetime(2026, 1, 20, 14, 33)  # 22:33 in China


def minutes_of(values) -> pd.DataFrame:
    return pd.DataFrame({"minute": range(len(values)), "viewers": values, "joins": np.nan})


def test_clock_times_are_round_and_of_china():
    """Ticks of a session of 90 minutes lie on round times in China."""
    ticks = clock_ticks(START, 90, Scale(0, 90, 0, 900))
    assert ticks[0].label == "22:45" and ticks[0].place == 120.0
    assert all(t.label.endswith(("00", "15", "30", "45")) for t in ticks) and len(ticks) <= 9


def test_ticks_pass_midnight():
    """A session that runs past midnight has the times of the next day."""
    assert "00:00" in [t.label for t in clock_ticks(START, 120, Scale(0, 120, 0, 1))]


def test_unknown_minutes_break_the_line():
    """A minute without a value is a gap, and a series without values has no lane."""
    picture = timeline(minutes_of([1.0, 2.0, np.nan, 4.0]), START)
    assert [lane.name for lane in picture.lanes] == ["viewers"]
    assert [len(line.split()) for line in picture.lanes[0].lines] == [2, 1]


def test_long_sessions_keep_their_burst():
    """Of a session of two days each point is the largest of its minutes."""
    values = np.ones(2880)
    values[1777] = 500.0
    lane = timeline(minutes_of(values), START).lanes[0]
    points = lane.lines[0].split()
    assert len(points) <= MAX_POINTS and lane.highest == 500.0
    assert min(float(p.split(",")[1]) for p in points) == lane.top


def test_causes_windows_and_false_views_share_the_axis():
    """A boost of minutes 2 to 4, a window and views named false lie at the same places."""
    picture = timeline(
        minutes_of([1.0] * 10),
        START,
        windows=[{"start": 2, "stop": 4, "series": "viewers"}],
        causes=[Cause("boost", 2.0, 4.0, START, 100)],
        false_by_minute={2: 5},
    )
    span, _cause = picture.causes[0]
    assert (span.x, span.width) == (picture.windows[0].x, picture.windows[0].width)
    assert [lane.name for lane in picture.lanes] == ["viewers", "false_views"]
    both = minutes_of([1.0] * 10).assign(joins=1.0)
    lanes = timeline(both, START, false_by_minute={2: 5}).lanes
    assert [lane.name for lane in lanes] == ["viewers", "joins", "false_views"]
    assert lanes[2].highest == 5.0


def test_history_marks_models_and_gaps():
    """A night without a risk breaks the line; another model is marked."""
    row = {"risk": 0.5, "tier": "B", "model_version": "m1"}
    rows = [
        row | {"date": date(2026, 1, 1)},
        row | {"date": date(2026, 1, 2), "risk": None},
        row | {"date": date(2026, 1, 3), "model_version": "m2"},
        row | {"date": date(2026, 1, 4), "model_version": "m2"},
    ]
    picture = risk_history(rows)
    assert [p.has_new_model for p in picture.points] == [False, True, False]
    assert len(picture.lines) == 1
    assert risk_history([]).points == ()


def test_histogram_counts_every_operator():
    """Bars carry the numbers, and the mark lies on the axis of the risk."""
    picture = risk_histogram([3, 0, 1], 0.5, (0.25, 0.75))
    assert [b[4] for b in picture.bars] == [3, 0, 1]
    assert picture.low < picture.mark < picture.high
    assert risk_histogram([], None, None).mark is None


def test_bars_start_at_zero():
    """Counted, estimate and interval are on one scale that starts at zero."""
    row = {"measure": "views", "unit": "count", "counted": 100.0, "estimate": 50.0, "low": 0.0}
    bar = figure_bars([row | {"high": 100.0}]).bars[0]
    assert bar.low == bar.zero and bar.high == bar.counted
    assert bar.estimate == (bar.zero + bar.counted) / 2
    unknown = figure_bars([row | {"estimate": None, "low": None, "high": None}]).bars[0]
    assert unknown.estimate is None and unknown.counted > unknown.zero


def test_ring_is_placed_the_same_each_time():
    """Two drawings of a ring are equal, whatever the order of its links."""
    links = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")]
    one, other = nx.Graph(), nx.Graph()
    one.add_edges_from(links, buy=1)
    other.add_edges_from(reversed(links), buy=1)
    assert ring_picture(one) == ring_picture(other)
    assert {line.group for line in ring_picture(one).lines} == {"purchase"}


def test_large_rings_say_what_is_drawn():
    """Of a large ring the best-linked members are drawn, and the total is known."""
    picture = ring_picture(nx.star_graph([f"a{i}" for i in range(300)]))
    assert len(picture.dots) == MAX_DRAWN_MEMBERS and picture.total == 300
    assert "a0" in {d.account for d in picture.dots}


def test_stretches_of_granted_minutes_are_causes():
    """Adjacent granted minutes are one cause, from its first minute to the end of its last."""
    minutes = minutes_of([1.0] * 6).assign(granted=[0, 1, 1, 0, 0, 1])
    found = granted_minutes(minutes, START)
    assert [(c.kind, c.start, c.stop) for c in found] == [("granted", 1, 3), ("granted", 5, 6)]
    assert found[0].at == datetime(2026, 1, 20, 14, 34)
    assert granted_minutes(minutes.assign(granted=0), START) == []


def test_a_timeline_file_stands_alone():
    """The file is XML with its style, marks causes and windows, and escapes what it names."""
    minutes = minutes_of([1.0, 9.0, 2.0]).assign(granted=[0, 1, 0])
    windows = [{"start": 2, "stop": 3, "series": "joins"}]
    causes = granted_minutes(minutes, START)
    text = timeline_file(timeline(minutes, START, windows=windows, causes=causes), "s<1>&")
    svg = ElementTree.fromstring(text)
    ns = "{http://www.w3.org/2000/svg}"
    assert svg.tag == f"{ns}svg" and svg.find(f"{ns}title").text.endswith("s<1>&")
    classes = [mark.get("class", "") for mark in svg.iter()]
    assert {"cause", "window faint", "series-2"} <= set(classes)
    assert "Granted cause" in text and "http" not in text.replace("http://www.w3.org", "")
