"""Search over the operators, sessions, orders and rings of a night: by id, and by words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serving.dossiers.night_tables import NightTables, Row

KINDS = ("operator", "session", "order", "ring")
MAX_HITS_PER_KIND = 20
MIN_CHARACTERS = 2
WORDS = (
    "concat_ws(' ', "
    + ", ".join(
        f"array_to_string(json_extract_string(reasons, '$[*].{key}'), ' ')"
        for key in ("zh", "en", "signal")
    )
    + ")"
)
# One row an entity: its id, and all words that the night said of it in Chinese and English.
INDEX_SQL = f"""
    CREATE TABLE IF NOT EXISTS night.search_index AS
    SELECT entity_kind AS kind, entity_id AS id, max(operator_id) AS operator_id,
           max(probability) FILTER (leads) AS probability,
           lower(string_agg({WORDS}, ' ')) AS words
    FROM night.scores WHERE entity_kind IN ('session', 'order') GROUP BY ALL
    UNION ALL
    SELECT 'operator', d.operator_id, d.operator_id, d.risk, lower(concat_ws(' ',
             json_extract_string(d.why, '$.zh'), json_extract_string(d.why, '$.en'), d.tier,
             o.category, o.region, o.mcn_id, x.words))
    FROM night.tier_decisions d LEFT JOIN night.operators o USING (operator_id)
    LEFT JOIN (SELECT entity_id AS operator_id, string_agg({WORDS}, ' ') AS words
               FROM night.scores WHERE entity_kind = 'operator' GROUP BY 1) x USING (operator_id)
    UNION ALL
    SELECT 'ring', ring_id, NULL, NULL, lower(concat_ws(' ', kind, evidence)) FROM night.rings
    ORDER BY kind, id
"""


@dataclass(frozen=True)
class Hits:
    """Hits of one kind of entity, the best first: those by id, then those by words.

    `total` counts all; rows have id, operator_id, probability and `by_id`.
    """

    kind: str
    rows: tuple[Row, ...]
    total: int


def prepare_search(tables: NightTables) -> None:
    """Make the index of a night, once."""
    tables.once("search index", lambda: tables.rows(INDEX_SQL))


def search(tables: NightTables, query: str, hidden: Sequence[str] = ()) -> tuple[Hits, ...]:
    """Entities whose id begins with a query, or whose texts have all its words.

    A query of fewer than two characters finds nothing. Each kind shows `MAX_HITS_PER_KIND`. Of
    sessions and operators in `hidden` only ids are searched, and no probability is shown.
    """
    words = query.split()
    if len(query.strip()) < MIN_CHARACTERS:
        return ()
    prepare_search(tables)
    has_all_words = " AND ".join("contains(words, lower(?))" for _ in words)
    hits_sql = f"""
        SELECT kind, id, operator_id, probability, by_id, is_hidden,
               count(*) OVER (PARTITION BY kind) AS total
        FROM (SELECT * REPLACE (CASE WHEN NOT is_hidden THEN probability END AS probability) FROM
              (SELECT *, starts_with(id, ?) AS by_id, kind IN ('session', 'operator')
                      AND list_contains(?::VARCHAR[], id) AS is_hidden FROM search_index)
              WHERE by_id OR (NOT is_hidden AND {has_all_words}))
        QUALIFY row_number() OVER (PARTITION BY kind
            ORDER BY by_id DESC, probability DESC NULLS LAST, id) <= {MAX_HITS_PER_KIND}
        ORDER BY by_id DESC, probability DESC NULLS LAST, id
    """
    rows = tables.rows(hits_sql, query.strip(), list(hidden), *words)
    by_kind = {kind: tuple(r for r in rows if r["kind"] == kind) for kind in KINDS}
    return tuple(Hits(k, found, int(found[0]["total"])) for k, found in by_kind.items() if found)
