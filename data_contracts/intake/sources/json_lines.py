"""JSON, one object a line or one array: every value as text, lines that are no JSON set aside."""

from __future__ import annotations

from pathlib import Path

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
from data_contracts.intake.sources.text import decoded, first_lines, sniff_encoding

SUFFIXES = (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz", ".zip")
MAX_LINE_BYTES = 64_000_000


def open_json(context: ReadContext, name: str, source: Source) -> OpenSource:
    """Open JSON files as one view; nested values are text that an expression can take apart.

    Raises
    ------
    StructuralBreak
        A file has no JSON object.
    """
    found = find_files(source.path, context.base, context.work, SUFFIXES, context.files_since(name))
    encoding = source.encoding or sniff_encoding(found.files[0])
    known = source.model_copy(update={"encoding": encoding})
    lines = [_lines(context, name, number, f, encoding) for number, f in enumerate(found.files)]
    listed = ", ".join(literal(str(p)) for p in lines)
    keys = [
        row[0]
        for row in context.connection.execute(
            f"SELECT DISTINCT unnest(json_keys(line)) AS k FROM read_parquet([{listed}]) "
            "WHERE json_type(line) = 'OBJECT' ORDER BY k"
        ).fetchall()
    ]
    if not keys:
        label = found.files[0].label
        raise StructuralBreak(label, "(file)", "JSON objects", "none", "name its format in the map")
    shape = "{" + ", ".join(f'"{k}": "VARCHAR"' for k in (_escaped(k) for k in keys)) + "}"
    target = context.work / name / "rows.parquet"
    context.connection.execute(
        f"COPY (SELECT unnest(json_transform(line, {literal(shape)})), {FILE}, {ROW} "
        f"FROM read_parquet([{listed}]) WHERE json_type(line) = 'OBJECT') "
        f"TO {literal(str(target))} (FORMAT parquet)"
    )
    return OpenSource(
        name,
        known,
        parquet_view(context, name, [target]),
        {f.label: f.modified for f in found.files},
        found.passed_over,
    )


def _escaped(key: str) -> str:
    return key.replace("\\", "\\\\").replace('"', '\\"')


def _lines(context: ReadContext, name: str, number: int, file: SourceFile, encoding: str) -> Path:
    """One JSON value a row, with its number; what is no object is set aside."""
    text = decoded(file, encoding, context.work / name / f"{number}.json")
    target = context.work / name / f"{number}.lines.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    array = "".join(first_lines(file, encoding, 5)).lstrip().startswith("[")
    values = (
        f"(SELECT json::VARCHAR AS line FROM read_json({literal(str(text))}, format='array', "
        f"records=false, columns={{json: 'JSON'}}, maximum_object_size={MAX_LINE_BYTES}))"
        if array
        # a line is the one column of a table whose delimiter no text has
        else f"read_csv({literal(str(text))}, columns={{'line': 'VARCHAR'}}, header=false, "
        f"delim='\x1f', quote='', escape='', {line_limit(MAX_LINE_BYTES)}, strict_mode=false)"
    )
    connection = context.connection
    connection.execute("SET preserve_insertion_order=true")
    connection.execute(
        f"COPY (SELECT CASE WHEN json_valid(line) THEN line END AS line, "
        f"CASE WHEN json_valid(line) AND json_type(line) = 'OBJECT' THEN NULL "
        f"ELSE left(line, {MAX_VALUE_CHARACTERS}) END AS broken, "
        f"{literal(file.label)} AS {FILE}, row_number() OVER () AS {ROW} "
        f"FROM {values}{context.limit}) TO {literal(str(target))} (FORMAT parquet)"
    )
    connection.execute("SET preserve_insertion_order=false")
    connection.execute(
        f"INSERT INTO {REJECTED} SELECT {literal(name)}, {FILE}, {ROW}, 'no_json_object', broken "
        f"FROM read_parquet({literal(str(target))}) WHERE broken IS NOT NULL"
    )
    return target
