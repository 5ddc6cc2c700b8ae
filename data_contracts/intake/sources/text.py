"""Encoding and delimiter of text files: found from their bytes, then decoded to UTF-8 strictly."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

from data_contracts.errors import StructuralBreak
from data_contracts.intake.sources.files import SourceFile

SNIFFED_BYTES = 1 << 20
DELIMITERS = (",", "\t", ";", "|")
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
csv.field_size_limit(SNIFFED_BYTES)  # a field may be as long as what is looked at
# Read as GB 18030, any bytes give characters; in Chinese text nearly all are of GB 2312.
MIN_GB2312_SHARE = 0.9


def sniff_encoding(file: SourceFile) -> str:
    """Encoding of a text file, by its mark or by the first that decodes its beginning."""
    with file.open() as handle:
        start = handle.read(SNIFFED_BYTES)
    for mark, encoding in BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding
    if start[1:400:2].count(0) > len(start[:400]) // 4:
        return "utf-16-le"
    for encoding in ("utf-8", "gb18030", "big5"):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(start, final=False)
        except UnicodeDecodeError:
            continue
        if encoding != "gb18030" or _gb2312_share(text) >= MIN_GB2312_SHARE:
            return encoding
    return "latin-1"


def _gb2312_share(text: str) -> float:
    """Share of the characters beyond ASCII that GB 2312 has too."""
    foreign = [c for c in text if ord(c) > 127][:10_000]
    return sum(bool(c.encode("gb2312", "ignore")) for c in foreign) / max(len(foreign), 1)


def first_lines(file: SourceFile, encoding: str, n: int = 20) -> list[str]:
    """First lines of a text file."""
    with file.open() as handle:
        text = codecs.getincrementaldecoder(encoding)("replace").decode(handle.read(SNIFFED_BYTES))
    return text.splitlines()[:n]


def sniff_delimiter(lines: list[str]) -> str:
    """Delimiter that cuts the lines into most columns, the same number in each."""

    def columns(delimiter: str) -> tuple[int, int]:
        counts = [
            len(row) for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter)
        ]
        same = sum(c == counts[0] for c in counts) if counts else 0
        return (same if counts and counts[0] > 1 else 0, counts[0] if counts else 0)

    return max(DELIMITERS, key=columns)


def decoded(file: SourceFile, encoding: str, target: Path) -> Path:
    """Path of a file's text in UTF-8, decoded strictly where it is not so already.

    Raises
    ------
    StructuralBreak
        Bytes are not of the encoding, or the archive ends early.
    """
    if codecs.lookup(encoding).name == "utf-8" and not file.packed:
        return file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    line = 1
    try:
        with file.open() as handle, target.open("w", encoding="utf-8", newline="") as plain:
            decoder = codecs.getincrementaldecoder(encoding)("strict")
            while piece := handle.read(SNIFFED_BYTES):
                text = decoder.decode(piece)
                line += text.count("\n")
                plain.write(text)
            plain.write(decoder.decode(b"", final=True))
    except UnicodeDecodeError as error:
        found = error.object[error.start : error.start + 4]
        raise StructuralBreak(
            file.label,
            "(text)",
            f"text in {encoding}",
            f"bytes {found.hex(' ')} at about line {line + error.object[: error.start].count(10)}",
            "name its encoding in the map, such as gb18030, utf-8 or utf-16",
        ) from error
    except (EOFError, OSError) as error:
        raise StructuralBreak(
            file.label, "(file)", "a complete archive", str(error), "deliver the file again"
        ) from error
    return target
