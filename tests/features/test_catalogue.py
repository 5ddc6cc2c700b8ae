"""Claims about every signal of the catalogue: a new signal is born tested."""

from __future__ import annotations

import inspect
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from data_contracts.contract import contract, inbound_names
from data_contracts.lake import Lake
from data_contracts.parquet import write_file
from data_contracts.room_minutes import COUNTED_COLUMNS
from features import catalogue
from features.declaration import KEY, LIVE, NIGHTLY, VIEW, Unit
from features.engine.compute import compute
from features.engine.minute_kernels import COLUMNS
from features.engine.snapshot import Snapshot
from features.engine.tables import named_views
from features.signals.sessions import own_level

CUT = datetime(2026, 1, 17)
ENTITIES = tuple(KEY)
every = pytest.mark.parametrize("signal", catalogue.CATALOGUE, ids=lambda s: s.name)


@pytest.fixture(scope="module")
def values(tiny):
    """Values of the whole catalogue on the shared world."""
    tables = Snapshot.open(tiny, CUT)
    return {e: compute(tables, catalogue.of_entity(e), e) for e in ENTITIES}


def test_catalogue_has_signals_of_every_kind():
    """There are at least sixty signals, of every kind and both freshnesses."""
    assert len(catalogue.CATALOGUE) >= 60
    assert {s.entity for s in catalogue.CATALOGUE} == set(ENTITIES)
    assert {s.freshness for s in catalogue.CATALOGUE} == {LIVE, NIGHTLY}


def test_names_are_unique():
    """Names are unique."""
    assert len(catalogue.BY_NAME) == len(catalogue.CATALOGUE)


def test_every_byte_of_the_package_moves_the_digest(tmp_path):
    """One byte changed in any module of the package gives another digest; so does a new module."""
    package = tmp_path / "features"
    shutil.copytree(
        Path(catalogue.__file__).parent, package, ignore=shutil.ignore_patterns("*.nb?")
    )
    whole = catalogue.digest.__wrapped__(package)
    assert whole == catalogue.digest()
    seen = {whole}
    for path in sorted(package.rglob("*.py")):
        before = path.read_bytes()
        path.write_bytes(before[:-1] + b" " if before else b" ")
        seen.add(catalogue.digest.__wrapped__(package))
        path.write_bytes(before)
    (package / "graphs" / "another.py").write_bytes(b"")
    seen.add(catalogue.digest.__wrapped__(package))
    assert len(seen) == 2 + len(list(Path(catalogue.__file__).parent.rglob("*.py")))


@every
def test_a_signal_documents_itself_and_words_its_reason_in_both_languages(signal):
    """A signal documents itself and words its reason in both languages."""
    assert len(signal.doc) > 15 and signal.unit and signal.blind
    said = signal.reason(0.5)
    assert said["en"] and said["zh"] and "{" not in said["en"] + said["zh"]
    assert signal.alarm is None or signal.direction in (1, -1)


@every
def test_a_signal_reads_contracted_tables_and_columns_only(signal):
    """Built over tables that have exactly the contracts' columns, so any other column would
    fail."""
    assert set(signal.reads) <= set(inbound_names())
    if signal.source is None:
        assert set(COLUMNS) - {"granted"} <= {c.name for c in contract("room_minutes").columns}
        return
    empty = {n: contract(n).arrow_schema().empty_table().to_pandas() for n in signal.reads}
    derived = [
        ibis.memtable(
            pa.schema([(c, pa.type_for_alias(t)) for c, t in d.columns.items()]).empty_table()
        )
        for d in signal.source.needs
    ]
    tables = dict(Snapshot.from_frames(empty))
    whole = [tables[n] for n in signal.source.whole]
    if signal.entity == VIEW:
        tables["views"] = named_views(tables["views"])
    moment = [ibis.literal(CUT, type="timestamp")] if signal.source.with_moment else []
    expression = signal.compute(signal.source.build(*tables.values(), *whole, *derived, *moment))
    assert expression.cast("float64").type().is_floating()


@every
def test_a_signal_does_not_ask_for_the_time_of_day(signal):
    """A signal does not ask for the time of day."""
    source = inspect.getsource(
        inspect.getmodule(getattr(signal.compute, "py_func", signal.compute))
    )
    assert "now(" not in source and "today(" not in source


@every
def test_values_stay_within_what_their_unit_allows(signal, values):
    """Values stay within what their unit allows."""
    x = values[signal.entity][signal.name].to_numpy()
    x = x[np.isfinite(x)]
    if signal.unit.startswith("share"):
        assert ((x >= 0) & (x <= 1 + 1e-12)).all()
    elif signal.unit == "correlation":
        assert ((x >= -1 - 1e-9) & (x <= 1 + 1e-9)).all()


@pytest.mark.parametrize("entity", ENTITIES)
def test_one_by_one_equals_together(tiny, values, entity):
    """Signals computed one by one equal those computed together."""
    tables = Snapshot.open(tiny, CUT)
    whole = values[entity]
    picked = whole.index[:: max(1, len(whole) // 4)][:4]
    for one in picked:
        wanted = one.rpartition("#")[0] if entity == VIEW else one
        alone = compute(tables, catalogue.of_entity(entity), entity, only=[wanted])
        same = (
            whole[whole.index.str.startswith(wanted + "#")] if entity == VIEW else whole.loc[[one]]
        )
        pd.testing.assert_frame_equal(alone, same, check_index_type=False, rtol=1e-12)


def poisoned(lake, folder):
    """The lake with absurd rows about the same entities, received from the cut on."""
    shutil.copytree(lake, folder, ignore=shutil.ignore_patterns("runs", "quarantine", "online"))
    late = pa.scalar(pd.Timestamp(CUT + timedelta(minutes=1)).to_pydatetime(), pa.timestamp("us"))
    for name in (
        "views",
        "interactions",
        "orders",
        "parcels",
        "refunds",
        "reviews",
        "room_minutes",
        "boosts",
        "complaints",
    ):
        table = pq.read_table(Lake(lake).files(name)[2])
        table = table.set_column(
            table.schema.get_field_index("received_at"),
            table.schema.field("received_at"),
            pa.repeat(late, len(table)),
        )
        if "order_id" in table.column_names and name == "orders":
            fresh = pc.binary_join_element_wise(
                table["order_id"], pa.scalar("poison"), pa.scalar("-")
            )
            table = table.set_column(0, table.schema.field("order_id"), fresh)
        write_file(folder / name / "day=2099-01-01" / "part-0.parquet", table)
    return folder


@pytest.mark.parametrize("entity", ENTITIES)
def test_the_future_changes_nothing(tiny, tmp_path, values, entity):
    """Rows that are received later change no value."""
    tables = Snapshot.open(poisoned(tiny, tmp_path / "lake"), CUT)
    after = compute(tables, catalogue.of_entity(entity), entity)
    pd.testing.assert_frame_equal(after, values[entity], rtol=1e-12)


def test_poison_that_is_known_does_change_values(tiny, tmp_path, values):
    """The poison would be seen, were the cut not there: the test above can fail."""
    tables = Snapshot.open(poisoned(tiny, tmp_path / "lake"), CUT + timedelta(days=1))
    after = compute(tables, catalogue.of_entity("session"), "session")
    assert not after.reindex(values["session"].index)["view_count"].equals(
        values["session"]["view_count"]
    )


def test_missing_table_makes_only_its_signals_unknown(tiny, values):
    """A missing table makes its signals unknown, and no others but sums over what is known."""
    tables = Snapshot.open(tiny, CUT)
    frame = compute(
        tables.without("interactions"), catalogue.of_entity("session"), "session"
    ).reindex(values["session"].index)  # some have nothing else
    for s in catalogue.of_entity("session"):
        base = catalogue.BY_NAME[s.name.removesuffix(own_level.SUFFIX)]
        if "interactions" in {*s.reads, *base.reads}:
            assert frame[s.name].isna().all(), s.name
        elif s.unit is Unit.ANOMALY_SCORE:
            assert frame[s.name].notna().any() and not frame[s.name].equals(
                values["session"][s.name]
            ), s.name
        else:
            pd.testing.assert_series_equal(frame[s.name], values["session"][s.name], rtol=1e-12)


def test_counters_derived_from_events_equal_those_delivered(tiny, tmp_path):
    """Counters derived from events equal those delivered."""
    copy = tmp_path / "lake"
    shutil.copytree(tiny, copy, ignore=shutil.ignore_patterns("runs", "quarantine", "room_minutes"))
    ids = sorted(pq.read_table(Lake(tiny).files("sessions")[3]).to_pandas()["session_id"])
    live = [s for s in catalogue.of_entity("session") if s.freshness == LIVE]
    delivered = compute(Snapshot.open(tiny, CUT), live, "session", ids)
    derived = compute(Snapshot.open(copy, CUT), live, "session", ids)
    assert delivered.notna().sum().sum() > 100
    pd.testing.assert_frame_equal(derived, delivered)


@pytest.mark.parametrize(
    "missing", [("orders",), ("accounts", "interactions"), ("interactions", "orders", "accounts")]
)
def test_counters_are_derived_from_what_was_delivered(tiny, tmp_path, missing):
    """Counters of what was delivered are derived where other events are missing.

    What a missing table would count is unknown, not nought; the rest is as it was.
    """
    copy = tmp_path / "lake"
    shutil.copytree(
        tiny, copy, ignore=shutil.ignore_patterns("runs", "quarantine", "room_minutes", *missing)
    )
    tables, whole = Snapshot.open(copy, CUT), Snapshot.open(tiny, CUT)
    assert not set(missing) & set(tables)
    some = sorted(pq.read_table(Lake(tiny).files("sessions")[3]).to_pandas()["session_id"])
    derived, delivered = (
        t["room_minutes"]
        .filter(t["room_minutes"].session_id.isin(some))
        .order_by("session_id", "minute")
        .to_pandas()
        for t in (tables, whole)
    )
    unknown = [c for name in missing for c in COUNTED_COLUMNS[name]]
    assert derived[unknown].isna().all().all()
    rest = [c for c in delivered.columns if c not in {*unknown, "received_at"}]
    pd.testing.assert_frame_equal(derived[rest], delivered[rest])
    live = [s for s in catalogue.of_entity("session") if s.freshness == LIVE]
    frame = compute(tables, live, "session", some)
    assert frame["join_fano_ratio"].notna().any() and frame["unexplained_join_share"].notna().any()
    if "interactions" in missing:
        gone = ["likes_per_thousand_viewer_minutes", "like_entropy", "comment_viewer_correlation"]
        assert frame[gone].isna().all().all()
