"""The analysts' door, with frames and with a published lake."""

import subprocess
import sys
import warnings

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import steelyard
from data_contracts.errors import LakeProblem, StructuralBreak
from data_contracts.runs import read_outbound

START = pd.Timestamp("2026-01-05 20:00")
SESSIONS = pd.DataFrame(
    {
        "session_id": ["s1"],
        "room_id": ["r1"],
        "operator_id": ["o1"],
        "category": ["apparel"],
        "started_at": [START],
        "ended_at": [START + pd.Timedelta(hours=2)],
    }
)


def frames_of(stays: list[float]) -> dict[str, pd.DataFrame]:
    """One session with views that stay so many seconds."""
    return {"views": views_of(stays), "sessions": SESSIONS}


def views_of(stays: list[float], **more: object) -> pd.DataFrame:
    """Views of one session that stay so many seconds."""
    joined = [START + pd.Timedelta(minutes=i) for i in range(len(stays))]
    left = [at + pd.Timedelta(seconds=s) for at, s in zip(joined, stays, strict=True)]
    frame = pd.DataFrame({"session_id": "s1", "joined_at": joined, "left_at": left})
    return frame.assign(account_id=[f"a{i}" for i in range(len(stays))], **more)


def test_signals_of_frames():
    """Signals of pandas frames are computed as at night; what is unknown is missing."""
    values = steelyard.compute(frames_of([2, 2, 60, 900]), entity="session")
    assert values.index.tolist() == ["s1"]
    assert values.at["s1", "view_count"] == 4
    assert values.at["s1", "flash_view_share"] == 0.5
    assert np.isnan(values.at["s1", "datacentre_view_share"])


def test_entity_is_inferred():
    """The entity is that of the signals, or the first of which the tables tell something."""
    frames = frames_of([2, 60])
    assert steelyard.compute(frames).index.name == "session_id"
    assert steelyard.compute(frames, signals=["flash_view_share"]).shape == (1, 1)
    with pytest.raises(LakeProblem, match="no signal can be computed from no table"):
        steelyard.compute({})


def test_snapshot_of_frames_is_computed_alike():
    """A snapshot made of frames gives the values that the frames give."""
    frames = frames_of([2, 60, 400])
    made = steelyard.snapshot(frames)
    pd.testing.assert_frame_equal(steelyard.compute(made), steelyard.compute(frames))


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ({"view": views_of([2])}, ["view", "inbound table", "name it views"]),
        ({"views": [1, 2]}, ["views", "DataFrame", "list"]),
        ({"views": views_of([2]).drop(columns="session_id")}, ["views", "session_id", "no such"]),
        ({"views": views_of([2]).assign(joined_at="yesterday")}, ["joined_at", "pd.to_datetime"]),
        (
            {"views": views_of([2], app_versions="1.0")},
            ["app_versions", "rename it to app_version"],
        ),
        ({"views": views_of([2]).assign(session_id=None)}, ["session_id", "1 missing values"]),
    ],
    ids=["table", "no-frame", "missing", "type", "unknown", "null"],
)
def test_wrong_frames_are_refused(frames, words):
    """Wrong input is refused with its table, its column and the reason."""
    with pytest.raises(StructuralBreak) as refused:
        steelyard.compute(frames, entity="session")
    assert all(word in str(refused.value) for word in words), refused.value


def test_integers_with_gaps_are_taken():
    """Pandas holds nullable integers as floats; they are taken where they are whole."""
    orders = pd.DataFrame(
        {"order_id": ["1", "2"], "operator_id": "o1", "placed_at": START, "quantity": [1.0, None]}
    )
    required = {"list_amount": 10.0, "paid_amount": 9.0, "buyer_id": "b1", "product_id": "p1"}
    assert len(steelyard.compute({"orders": orders.assign(**required)}, entity="order")) == 2


def test_names_on_features_warn():
    """Names that analysts imported from `features` still work, and warn."""
    import features

    with pytest.warns(DeprecationWarning, match=r"use steelyard\.compute"):
        values = features.compute(frames_of([2, 60]))
    assert values.at["s1", "view_count"] == 2
    with pytest.warns(DeprecationWarning):
        named = features.compute(frames_of([2, 60]), ["view_count"])
    assert named["view_count"].tolist() == values["view_count"].tolist()
    for name in ("DenseBlocks", "Lockstep", "ExpectedAudience", "CATALOGUE"):
        with pytest.warns(DeprecationWarning):
            assert getattr(features, name) is not None


def test_the_door_itself_does_not_warn():
    """Importing the door raises no deprecation warning of ours."""
    code = "import steelyard, steelyard.detectors"
    strict = "error:features:DeprecationWarning"
    assert subprocess.run([sys.executable, "-W", strict, "-c", code], check=False).returncode == 0


def test_a_signal_is_found_by_name():
    """A signal says its unit, alarm, direction, reason and blind spot."""
    signal = steelyard.SIGNALS["proxy_view_share"]
    assert signal.name == "proxy_view_share" and signal.alarm is not None and signal.blind


@pytest.fixture(scope="module")
def night(published):
    """The latest night of the small world."""
    return steelyard.open_lake(published).night()


def test_a_night_has_its_tables(published, night):
    """A night hands out scores, tiers, rings, figures, signals, its manifest and its policy."""
    lake = steelyard.open_lake(published)
    assert lake.nights[-1] == night.date and lake.night(str(night.date)) == night
    for name, table in (
        ("scores", night.scores),
        ("tier_decisions", night.tiers),
        ("rings", night.rings),
        ("corrected_figures", night.figures),
        ("signals", night.signals),
    ):
        pd.testing.assert_frame_equal(table, read_outbound(published, name))
    assert night.run["run_id"] == night.tiers["run_id"].iloc[0]
    assert night.policy.version == night.tiers["policy_version"].iloc[0]


def test_a_session_s_case(night):
    """The case of a session has reasons, minutes, views, figures and a chart."""
    first = night.scores.query("entity_kind == 'session'").sort_values("rank")["entity_id"].iloc[0]
    case = night.case(first)
    assert {"signal", "value", "peers", "en", "zh"} <= set(case.reasons.columns)
    assert set(case.reasons["signal"]) <= set(case.signals.index)
    assert (case.views["session_id"] == first).all() and (case.views["joined_minute"] >= 0).all()
    assert case.minutes["minute"].is_unique and len(case.figures)
    assert case.chart().to_dict()["vconcat"]


def test_a_case_that_is_not_there_is_refused(night):
    """An unknown entity is refused, and minutes of an operator are."""
    with pytest.raises(LakeProblem, match="no score of 'nobody'"):
        night.case("nobody")
    operator = night.tiers["operator_id"].iloc[0]
    with pytest.raises(LakeProblem, match="only a session"):
        _ = night.case(operator).minutes


def test_a_ring_is_a_graph(night):
    """A ring is a networkx graph with the published members and evidence on each edge."""
    ring_id = night.rings["ring_id"].iloc[0]
    graph = night.ring(ring_id)
    members = night.table("ring_members").query("ring_id == @ring_id")["account_id"]
    assert isinstance(graph, nx.Graph) and set(graph.nodes) == set(members)
    assert all(evidence for _, _, evidence in graph.edges(data=True))


def test_values_of_a_snapshot_are_the_published_ones(published, night):
    """The values of a night can be computed again through the door."""
    ids = night.scores.query("entity_kind == 'session'")["entity_id"].unique()[:20]
    names = ["view_count", "flash_view_share", "join_fano_ratio"]
    tables = steelyard.open_lake(published).snapshot()
    again = steelyard.compute(tables, signals=names, only=ids)
    wide = night.signals.query("entity_id in @ids").pivot(
        index="entity_id", columns="signal", values="value"
    )
    expected = wide.reindex(index=again.index, columns=names)
    np.testing.assert_array_equal(again.to_numpy(), expected.to_numpy())


def test_verdicts_audit_policy_and_ledger(published):
    """A lake hands out verdicts, the random audit, trials of a policy and the ledger's state."""
    lake = steelyard.open_lake(published)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert len(lake.audit())
    assert {"confirmed", "audited"} <= set(lake.verdicts().columns)
    assert lake.try_policy(lake.night().policy).empty
    assert lake.verify() == []
