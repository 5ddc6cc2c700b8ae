"""CSV and TSV: every value as text, rows that cannot be cut into columns set aside by number."""

from __future__ import annotations

from pathlib import Path

import duckdb

from data_contracts.errors import StructuralBreak
from data_contracts.intake.mapping import Source
from data_contracts.intake.sources.files import SourceFile, find_files
from data_contracts.intake.sources.relation import (
    FILE,
    MAX_VALUE_CHARACTERS,
    REJECTED,
    ROW,
    OpenSource,
    ReadContext,
    line_limit,
    literal,
    parquet_view,
)
from data_contracts.intake.sources.text import (
    decoded,
    first_lines,
    sniff_delimiter,
    sniff_encoding,
)

SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".zip")
MAX_LINE_BYTES = 16_000_000


def open_delimited(context: ReadContext, name: str, source: Source) -> OpenSource:
    """Open CSV or TSV files as one view; columns are matched by name across files.

    Raises
    ------
    StructuralBreak
        A file is not of its encoding, or has no columns.
    """
    found = find_files(source.path, context.base, context.work, SUFFIXES, context.files_since(name))
    first = found.files[0]
    encoding = source.encoding or sniff_encoding(first)
    delimiter = source.delimiter or sniff_delimiter(
        first_lines(first, encoding)[source.skip_rows :]
    )
    known = source.model_copy(update={"encoding": encoding, "delimiter": delimiter})
    pieces = []
    for number, file in enumerate(found.files):
        text = decoded(file, encoding, context.work / name / f"{number}.txt")
        pieces.append(_stage(context, name, known, file, text))
        if text != file.path:
            text.unlink()
    return OpenSource(
        name,
        known,
        parquet_view(context, name, pieces),
        {f.label: f.modified for f in found.files},
        found.passed_over,
    )


def _stage(context: ReadContext, name: str, source: Source, file: SourceFile, text: Path) -> Path:
    """Copy one file to Parquet, every value as text; rejected rows go to their table."""
    target = context.work / name / f"{text.stem}-{abs(hash(file.label))}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    connection = context.connection
    for table in ("reject_errors", "reject_scans"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    reader = (
        f"read_csv({literal(str(text))}, all_varchar=true, header=true, store_rejects=true, "
        f"delim={literal(source.delimiter)}, skip={source.skip_rows}, quote='\"', escape='\"', "
        f"{line_limit(MAX_LINE_BYTES)}, null_padding=false, rejects_limit=0, comment='')"
    )
    try:
        connection.execute("SET preserve_insertion_order=true")
        connection.execute(
            f"COPY (SELECT *, {literal(file.label)} AS {FILE}, row_number() OVER () AS {ROW} "
            f"FROM {reader}{context.limit}) TO {literal(str(target))} (FORMAT parquet)"
        )
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise StructuralBreak(
            file.label,
            "(file)",
            f"a table in {source.encoding} with {source.delimiter!r} between columns",
            str(error).strip().splitlines()[0][:300],
            "name encoding, delimiter and skip_rows of this source in the map",
        ) from error
    finally:
        connection.execute("SET preserve_insertion_order=false")
    _keep_rejects(context, name, source, file)
    return _renumbered(context, name, file, target)


def _keep_rejects(context: ReadContext, name: str, source: Source, file: SourceFile) -> None:
    """Move the rejects of one scan to the table of rejected rows; one row a line."""
    context.connection.execute(
        f"INSERT INTO {REJECTED} SELECT {literal(name)}, {literal(file.label)}, "
        f"line - {1 + source.skip_rows}, lower(replace(any_value(error_type)::VARCHAR, ' ', '_')), "
        f"left(any_value(csv_line), {MAX_VALUE_CHARACTERS}) FROM reject_errors GROUP BY line"
    )


def _renumbered(context: ReadContext, name: str, file: SourceFile, target: Path) -> Path:
    """Count rejected rows in the numbers of the rows that follow them."""
    rows = context.connection.execute(
        f'SELECT "row" FROM {REJECTED} WHERE source = ? AND file = ? ORDER BY "row"',
        [name, file.label],
    ).fetchall()
    if not rows:
        return target
    # a good row stands behind as many rejected rows as have this many good rows before them
    before = [row[0] - 1 - n for n, row in enumerate(rows)]
    numbered = target.with_suffix(".numbered.parquet")
    context.connection.execute(
        f"COPY (SELECT * REPLACE "
        f"({ROW} + len(list_filter({before}, lambda x: x < {ROW})) AS {ROW}) "
        f"FROM read_parquet({literal(str(target))})) TO {literal(str(numbered))} (FORMAT parquet)"
    )
    target.unlink()
    return numbered
