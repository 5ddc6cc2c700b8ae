"""Files of a source, by path, glob, folder or URL; what writers left behind is passed over."""

from __future__ import annotations

import gzip
import itertools
import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from data_contracts.errors import LakeProblem
from data_contracts.intake.sources.object_storage import download, is_remote
from data_contracts.parquet import digest_file

LEFTOVER_NAME = re.compile(r"^[._]|\.(crc|tmp|part|partial|inprogress|writing|lock|md5|sha256)$")
LEFTOVER_FOLDER = re.compile(r"^(_temporary|_tmp|\..+|__MACOSX)$")
ENVIRONMENT = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class SourceFile:
    """One file of a source: where it lies here, how messages name it, and when it was changed."""

    path: Path
    label: str
    modified: datetime | None
    member: str | None = None

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the bytes of a file, or of a member of an archive, unpacked."""
        if self.member is not None:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as handle:
                yield handle
        elif self.path.suffix == ".gz":
            with gzip.open(self.path, "rb") as unpacked:
                yield unpacked  # type: ignore[misc]
        else:
            with self.path.open("rb") as plain:
                yield plain

    @property
    def packed(self) -> bool:
        """Whether the bytes must be unpacked before they are read."""
        return self.member is not None or self.path.suffix == ".gz"


@dataclass
class FoundFiles:
    """Files of a source, and what was passed over with the reason."""

    files: list[SourceFile] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


def expand(text: str) -> str:
    """Put variables of the environment in place of `${NAME}`.

    Raises
    ------
    LakeProblem
        A variable is not set.
    """

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in os.environ:
            raise LakeProblem(f"the map names ${{{name}}}, and no such variable is set")
        return os.environ[name]

    return ENVIRONMENT.sub(value, text)


def leftover(path: Path, root: Path) -> bool:
    """Whether a writer or a system left this file behind, below the folder that was named."""
    inside = path.relative_to(root).parts if path.is_relative_to(root) else (path.name,)
    return bool(LEFTOVER_NAME.search(inside[-1])) or any(
        LEFTOVER_FOLDER.search(part) for part in inside[:-1]
    )


def find_files(
    path: str,
    base: Path,
    work: Path,
    suffixes: tuple[str, ...],
    since: datetime | None = None,
) -> FoundFiles:
    """Find the files of a source, sorted by name.

    Parameters
    ----------
    path
        File, glob, folder or URL, as the map has it.
    base
        Folder that relative paths begin at.
    work
        Folder for downloads.
    suffixes
        Endings of the files that are taken from a folder.
    since
        Files that were changed earlier are passed over, UTC; None takes all.

    Raises
    ------
    LakeProblem
        There is no such file.
    """
    wanted, found = expand(path), FoundFiles()
    if is_remote(wanted):
        folder, labels = download(wanted, work)
        candidates, root = sorted(labels), folder
    else:
        labels, root = {}, base / wanted
        if root.is_dir():
            candidates = sorted(p for p in root.rglob("*") if p.is_file())
        else:
            candidates, root = _matching(root), base
    named = len(candidates) == 1 and not (base / wanted).is_dir()
    for candidate in candidates:
        label, modified = labels.get(candidate, (_relative(candidate, base), None))
        if not named and leftover(candidate, root):
            found.passed_over.append(f"{label}: left behind by a writer")
        elif named or candidate.name.lower().endswith(suffixes):
            found.files += _members(candidate, label, modified)
        else:
            found.passed_over.append(f"{label}: ending is none of {', '.join(suffixes)}")
    if since is not None:
        found = _changed_since(found, since)
    found = _without_copies(found)
    if not found.files:
        passed = f" ({len(found.passed_over)} passed over)" if found.passed_over else ""
        raise LakeProblem(f"{wanted}: no file of this source is there{passed}; looked in {base}")
    return found


def _matching(pattern: Path) -> list[Path]:
    """Files that a path with `*` names, sorted."""
    fixed = list(itertools.takewhile(lambda part: not set(part) & set("*?["), pattern.parts))
    if len(fixed) == len(pattern.parts):
        return [pattern] if pattern.is_file() else []
    rest = "/".join(pattern.parts[len(fixed) :])
    return sorted(p for p in Path(*fixed).glob(rest) if p.is_file())


def _relative(path: Path, base: Path) -> str:
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)


def _members(path: Path, label: str, modified: datetime | None) -> list[SourceFile]:
    """A file as it is, or each file of an archive."""
    when = modified or datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    if path.suffix.lower() != ".zip":
        return [SourceFile(path, label, when)]
    try:
        with zipfile.ZipFile(path) as archive:
            names = [i.filename for i in archive.infolist() if not i.is_dir()]
    except zipfile.BadZipFile as error:
        raise LakeProblem(
            f"{label} is no complete zip archive ({error}); deliver it again"
        ) from error
    kept = [n for n in sorted(names) if not leftover(Path(n), Path())]
    return [SourceFile(path, f"{label}/{n}", when, n) for n in kept]


def _changed_since(found: FoundFiles, since: datetime) -> FoundFiles:
    """Pass over files that were changed before a moment; the newest stays, for its columns."""
    times = [f.modified for f in found.files if f.modified is not None]
    newest = max(times, default=None)
    kept = FoundFiles([], found.passed_over)
    for file in found.files:
        if file.modified is None or file.modified >= since or file.modified == newest:
            kept.files.append(file)
        else:
            kept.passed_over.append(f"{file.label}: changed before {since} UTC")
    return kept


def _without_copies(found: FoundFiles) -> FoundFiles:
    """Pass over files whose bytes are those of an earlier one: the same delivery, named twice."""
    kept, seen = FoundFiles([], found.passed_over), dict[Any, str]()
    sizes = [f.path.stat().st_size for f in found.files]
    for file, size in zip(found.files, sizes, strict=True):
        same_size = sizes.count(size) > 1 and size > 0
        digest = (digest_file(file.path), file.member) if same_size else None
        if digest is not None and digest in seen:
            kept.passed_over.append(f"{file.label}: same bytes as {seen[digest]}")
            continue
        if digest is not None:
            seen[digest] = file.label
        kept.files.append(file)
    return kept


def unpack(file: SourceFile, target: Path) -> Path:
    """Path of a file's bytes, copied out of their archive where they are packed."""
    if not file.packed:
        return file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    with file.open() as packed, target.open("wb") as plain:
        shutil.copyfileobj(packed, plain, 1 << 20)
    return target
