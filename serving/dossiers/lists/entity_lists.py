"""Lists of orders, sessions and views with probability and reasons: filtered, paged, exported."""

from __future__ import annotations

from dataclasses import dataclass

from serving.dossiers.night_tables import NightTables, Row
from serving.dossiers.row_pages import RowPage, queried_page
from serving.dossiers.signal_evidence import read_reasons

ORDERS, VIEWS = "orders", "views"
LISTS = {
    ORDERS: """
        SELECT x.entity_id AS order_id, o.session_id, o.buyer_id, o.placed_at, o.paid_amount,
               x.probability, x.score, x.rank, x.model, x.model_version, x.reasons, x.operator_id
        FROM scores x LEFT JOIN orders o ON o.order_id = x.entity_id
                                         AND o.operator_id = x.operator_id
        WHERE x.entity_kind = 'order' AND x.leads
    """,
    VIEWS: """
        SELECT view_id, session_id, joined_at, left_at, account_id, device_id, ip_prefix,
               app_version, entry_source, probability, order_id, model, model_version, reasons
        FROM false_views WHERE TRUE
    """,
}
ORDER_BY = {ORDERS: "rank NULLS LAST, order_id", VIEWS: "probability DESC, view_id"}
OWNER_COLUMN = {"operator": "operator_id", "session": "session_id"}


@dataclass(frozen=True)
class ListFilter:
    """A selection of rows of a list.

    Attributes
    ----------
    owner_kind, owner_id
        The operator or the session that the rows belong to.
    min_probability
        Least probability, 0 to 1; rows without one pass only at 0.
    words
        Words that ids or reasons contain, all of them.
    """

    owner_kind: str
    owner_id: str
    min_probability: float = 0.0
    words: tuple[str, ...] = ()


def list_page(tables: NightTables, name: str, wanted: ListFilter, number: int = 1) -> RowPage:
    """A page of a list, the most suspicious first, with reasons as objects."""
    sql, parameters = list_query(name, wanted)
    found = queried_page(tables, sql, ORDER_BY[name], *parameters, number=number)
    rows = tuple(_with_reasons(r) for r in found.rows)
    return RowPage(rows, found.total, found.number, found.size)


def list_query(name: str, wanted: ListFilter) -> tuple[str, list[object]]:
    """The whole list as SQL over the night's tables, and its parameters."""
    alias = "x." if name == ORDERS else ""
    owner = OWNER_COLUMN[wanted.owner_kind]
    owner = f"o.{owner}" if (name, owner) == (ORDERS, "session_id") else f"{alias}{owner}"
    sql = f"{LISTS[name]} AND {owner} = ?"
    parameters: list[object] = [wanted.owner_id]
    if wanted.min_probability > 0:
        sql += f" AND {alias}probability >= ?"
        parameters.append(wanted.min_probability)
    searched = f"concat_ws(' ', {_ids(name)}, {alias}reasons)"
    for word in wanted.words:
        sql += f" AND contains(lower({searched}), lower(?))"
        parameters.append(word)
    return sql, parameters


def _ids(name: str) -> str:
    """Columns that a filter by words looks into."""
    if name == ORDERS:
        return "x.entity_id, o.session_id, o.buyer_id"
    return "view_id, account_id, device_id, ip_prefix, entry_source"


def _with_reasons(row: Row) -> Row:
    return row | {"reasons": read_reasons(row["reasons"])}
