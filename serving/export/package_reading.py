"""Reads a zip from another party: nothing is unpacked to disk, and what it yields is limited."""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from data_contracts.errors import LakeProblem

MAX_PACKAGE_BYTES = 256 * 1024 * 1024
MAX_ENTRIES = 5_000
MAX_ENTRY_BYTES = 256 * 1024 * 1024
MAX_TOTAL_BYTES = 1024 * 1024 * 1024
MAX_COMPRESSION_RATIO = 200  # a bomb has a thousand (ADR-0232)
MIN_BYTES_FOR_RATIO = 1024 * 1024
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 1


def read_package(source: Path) -> dict[str, bytes]:
    """Files of a package: name → bytes.

    Parameters
    ----------
    source
        The zip.

    Raises
    ------
    LakeProblem
        It is no zip, has an entry twice, an entry outside of the package, a link, an encrypted
        one, or more than the limits allow.
    """
    try:
        if source.stat().st_size > MAX_PACKAGE_BYTES:
            raise _refused(source, f"it has more than {MAX_PACKAGE_BYTES:,} bytes")
        with zipfile.ZipFile(source) as package:
            entries = package.infolist()
            _require_safe(source, entries)
            return _read_within_limits(source, package, entries)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise _refused(source, f"{error}" or type(error).__name__) from error
    except (ValueError, RuntimeError, UnicodeDecodeError) as error:
        raise _refused(source, repr(error)) from error


def _require_safe(source: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Raise LakeProblem for entries that a package of this product never has."""
    if len(entries) > MAX_ENTRIES:
        raise _refused(source, f"it has {len(entries):,} entries, more than {MAX_ENTRIES:,}")
    seen: set[str] = set()
    for entry in entries:
        name, path = entry.filename, PurePosixPath(entry.filename)
        if name != entry.orig_filename or not name.isprintable() or name.endswith("/"):
            raise _refused(source, f"its entry {name!r} has no plain name")
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
            raise _refused(source, f"its entry {name!r} lies outside of the package")
        if name.casefold() in seen:
            raise _refused(source, f"its entry {name!r} is there twice")
        seen.add(name.casefold())
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or entry.flag_bits & ENCRYPTED:
            raise _refused(source, f"its entry {name!r} is a link, or encrypted")
        if entry.compress_type not in METHODS:
            raise _refused(source, f"its entry {name!r} is neither stored nor deflated")


def _read_within_limits(
    source: Path, package: zipfile.ZipFile, entries: list[zipfile.ZipInfo]
) -> dict[str, bytes]:
    """Bytes of all entries; limits count what was yielded, because headers may lie."""
    files, total = {}, 0
    for entry in entries:
        allowed = min(MAX_ENTRY_BYTES, MAX_TOTAL_BYTES - total)
        allowed = min(
            allowed, max(MIN_BYTES_FOR_RATIO, MAX_COMPRESSION_RATIO * entry.compress_size)
        )
        with package.open(entry) as handle:
            body = handle.read(allowed + 1)
        if len(body) > allowed:
            raise _refused(
                source,
                f"its entry {entry.filename!r} yields more than {allowed:,} bytes from "
                f"{entry.compress_size:,}: a decompression bomb",
            )
        total += len(body)
        files[entry.filename] = body
    return files


def _refused(source: Path, why: str) -> LakeProblem:
    return LakeProblem(
        f"{source} is no evidence package: {why}. Ask the sender for the file that "
        "`steelyard evidence pack` wrote"
    )
