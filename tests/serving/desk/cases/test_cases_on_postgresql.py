"""The desk of a team: the same cases on a server of PostgreSQL."""

from __future__ import annotations

from serving.desk.cases.case_record import rebuild
from serving.desk.cases.night_cases import open_night
from serving.desk.cases.queue import SORTS, STATES, QueueFilter, queue_page
from serving.desk.casework.claims import Chosen
from serving.desk.casework.notes import add_label, add_note
from serving.desk.casework.quality import error_rates
from serving.desk.casework.skippable import skippable_cases
from serving.desk.casework.undo import UndoWish, undo
from serving.desk.desk import Desk
from serving.desk.store.database import Database
from serving.oversight.measures.state import MeasureState
from tests.data_contracts.servers import postgresql
from tests.serving.desk.cases.working import cases_of, decided, dump


def test_cases_on_a_server(desk, people, tmp_path):
    """Acts, search, every order and a rebuilding give on a server what they give on SQLite."""
    people.add("li", "patrol")
    li = people.signer("li")
    with postgresql(tmp_path) as port:
        database = Database.open(f"postgresql://me:secret@127.0.0.1:{port}/postgres")
        team = Desk(desk.lake, database, desk.policy, desk.clock)
        ids = cases_of(team)
        add_note(team, Chosen(ids[:1], li), "快递单号 100% @li", ["li"])
        line = add_label(team, Chosen(ids, li), "spring", None)
        undo(team, UndoWish([line["act_id"]], li, "not these", ids[:2]))
        decided(team, ids[0], li)
        with database.snapshot() as session:
            for sort in SORTS:
                for state in STATES:
                    queue_page(session, QueueFilter(state, sort=sort), "li", team.clock())
            found = queue_page(session, QueueFilter("every", "单号 100%"), "li", team.clock())
            labelled = queue_page(session, QueueFilter(label="spring"), "li", team.clock())
            error_rates(session)
            skippable_cases(session, team, MeasureState(), team.clock())
        assert [r.case_id for r in found.rows] == ids[:1] and labelled.total == len(ids) - 2
        kept = dump(team)
        rebuild(team)
        open_night(team)
        assert dump(team) == kept
        rebuild(desk)
        open_night(desk)
        assert dump(desk)["cases"] == kept["cases"]
        database.engine.dispose()
