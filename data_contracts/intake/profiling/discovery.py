"""Sources behind what a person names: a file, a folder of exports, a database, a table folder."""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path

import duckdb

from data_contracts.errors import LakeProblem
from data_contracts.intake.mapping import Format, Source
from data_contracts.intake.sources.files import leftover
from data_contracts.intake.sources.libraries import library
from data_contracts.intake.sources.object_storage import is_remote
from data_contracts.intake.sources.rows import server_engine

FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".parquet": "parquet",
    ".parq": "parquet",
    ".xlsx": "excel",
    ".xls": "excel",
    ".xlsm": "excel",
    ".ods": "excel",
    ".duckdb": "duckdb",
    ".ddb": "duckdb",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
}
PACKED = (".gz", ".zip")
SQLITE_MARK = b"SQLite format 3\x00"
PASSWORD_VARIABLE = "STEELYARD_SOURCE_PASSWORD"
VARYING = re.compile(r"[0-9]+")
NO_IDENTIFIER = re.compile(r"[^\w]+|_+$|^_+")


def discover(named: list[str], base: Path) -> tuple[dict[str, Source], list[str]]:
    """Sources of what was named, and what was passed over.

    Parameters
    ----------
    named
        Files, folders, globs, URLs and connections.
    base
        Folder that relative paths begin at.

    Raises
    ------
    LakeProblem
        Nothing that can be read is there.
    """
    found: dict[str, Source] = {}
    passed: list[str] = []
    for place in named:
        for name, source in _sources(place, base, passed):
            found[_free_name(name, found)] = source
    if not found:
        raise LakeProblem(
            f"no source is in {', '.join(named)}. Known endings: {', '.join(FORMATS)}"
        )
    return found, passed


def _sources(place: str, base: Path, passed: list[str]) -> list[tuple[str, Source]]:
    scheme = place.partition("://")[0]
    if scheme.split("+")[0] in ("postgresql", "postgres", "mysql", "mariadb"):
        return _server(place)
    if is_remote(place):
        name = place.rstrip("/*").rpartition("/")[2]
        return [(name, Source(path=place, format=_format(place)))]
    path = base / place
    if path.is_dir():
        return _folder(path, base, passed)
    if path.is_file():
        return _file(path, base)
    if set(place) & set("*?["):
        return [(Path(place).name, Source(path=place, format=_format(place)))]
    raise LakeProblem(f"{place} does not exist (looked in {base})")


def _format(place: str) -> Format:
    """Format by the ending of a name. Raises LakeProblem."""
    path = Path(place.lower())
    suffix = (
        Path(path.stem).suffix if path.suffix in PACKED and Path(path.stem).suffix else path.suffix
    )
    if suffix in PACKED:
        return "csv"
    if suffix not in FORMATS:
        raise LakeProblem(f"{place}: its ending says no format; end it with one, such as *.parquet")
    return FORMATS[suffix]


def _file(path: Path, base: Path) -> list[tuple[str, Source]]:
    """Sources of a file: itself, or each of its sheets or tables."""
    format_, text = _format(path.name), _relative(path, base)
    if path.suffix.lower() == ".db" and path.open("rb").read(16) != SQLITE_MARK:
        format_ = "duckdb"
    stem = path.name.split(".")[0]
    if format_ == "excel":
        book = library("python_calamine", "excel").CalamineWorkbook.from_path(str(path))
        names = book.sheet_names
        return [
            (stem if len(names) == 1 else n, Source(path=text, format=format_, table=n))
            for n in names
        ]
    if format_ == "sqlite":
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            rows = connection.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
                "AND name NOT LIKE 'sqlite_%' ORDER BY name"
            ).fetchall()
        return [(r[0], Source(path=text, format=format_, table=r[0])) for r in rows]
    if format_ == "duckdb":
        with duckdb.connect(str(path), read_only=True) as database:
            tables = database.execute(
                "SELECT table_schema || '.' || table_name, table_name "
                "FROM information_schema.tables ORDER BY 1"
            ).fetchall()
        return [(t[1], Source(path=text, format=format_, table=t[0])) for t in tables]
    return [(stem, Source(path=text, format=format_))]


def _folder(folder: Path, base: Path, passed: list[str]) -> list[tuple[str, Source]]:
    """Sources of a folder: a table of a table format, or its files, alike names together."""
    text = _relative(folder, base)
    if (folder / "_delta_log").is_dir():
        return [(folder.name, Source(path=text, format="delta"))]
    if list(folder.glob("metadata/*.metadata.json")):
        return [(folder.name, Source(path=text, format="iceberg"))]
    found: list[tuple[str, Source]] = []
    alike: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if not leftover(path / "file", folder):
                found += _part_folder(path, base, passed)
        elif leftover(path, folder) or not _is_known(path):
            passed.append(f"{_relative(path, base)}: left behind by a writer, or no known ending")
        else:
            alike.setdefault(VARYING.sub("*", path.name), []).append(path)
    for pattern, paths in alike.items():
        if len(paths) == 1:
            found += _file(paths[0], base)
        else:
            whole = _relative(folder / re.sub(r"\*([-_.]?\*)+", "*", pattern), base)
            found.append((pattern.split(".")[0], Source(path=whole, format=_format(paths[0].name))))
    return found


def _part_folder(path: Path, base: Path, passed: list[str]) -> list[tuple[str, Source]]:
    """A folder within a folder: the parts of one Parquet table, or sources of its own."""
    parts = [p for p in path.rglob("*.parquet") if not leftover(p, path)]
    if parts and not (path / "_delta_log").is_dir():
        return [(path.name, Source(path=_relative(path, base), format="parquet"))]
    return _folder(path, base, passed)


def _is_known(path: Path) -> bool:
    try:
        return bool(_format(path.name))
    except LakeProblem:
        return False


def _server(url: str) -> list[tuple[str, Source]]:
    """Tables of a database; a password is kept in the environment, not in the map."""
    match = re.match(r"^([^:]+://[^:@/]+):([^@$]+)@(.*)$", url)
    if match:
        os.environ[PASSWORD_VARIABLE] = match.group(2)
        url = f"{match.group(1)}:${{{PASSWORD_VARIABLE}}}@{match.group(3)}"
    engine = server_engine(url)
    sqlalchemy = library("sqlalchemy", "databases")
    try:
        names = sorted(sqlalchemy.inspect(engine).get_table_names())
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise LakeProblem(f"{url} cannot be read: {str(error).splitlines()[0][:300]}") from error
    finally:
        engine.dispose()
    format_: Format = "postgresql" if engine.dialect.name == "postgresql" else "mysql"
    return [(n, Source(path=url, format=format_, table=n)) for n in names]


def _relative(path: Path, base: Path) -> str:
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)


def _free_name(name: str, taken: dict[str, Source]) -> str:
    """A name for a source that SQL can say without quotes, and that no other has."""
    plain = NO_IDENTIFIER.sub("_", VARYING.sub("", name)).strip("_") or "source"
    free, number = plain, 2
    while free in taken:
        free, number = f"{plain}_{number}", number + 1
    return free
