"""The text of a policy as people edit it: lines of keys, changed values, differences."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

HEADER = re.compile(r"^\s*\[\[?\s*([\w.]+)\s*\]\]?")
CONTEXT_LINES = 2


@dataclass(frozen=True)
class ChangedValue:
    """A value of a policy before and after; None where the key is not there."""

    place: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class DiffLine:
    """A line of a difference: `kind` is same, added, removed or gap, with its line numbers."""

    kind: str
    text: str
    before: int | None = None
    after: int | None = None


def line_of(text: str, section: str, key: str | None = None, occurrence: int = 0) -> int | None:
    """Number of the line, from 1, of a key in a section, or of the section's header.

    `occurrence` is the place of a section that is there several times. An empty section is the
    part before the first header.
    """
    current, seen = "", -1
    wanted = None if key is None else re.compile(rf"^\s*{re.escape(key)}\s*=")
    for number, line in enumerate(text.splitlines(), 1):
        header = HEADER.match(line)
        if header:
            current = header[1]
            seen += current == section
            if key is None and current == section and seen == occurrence:
                return number
        elif wanted is None or current != section or not wanted.match(line):
            continue
        elif not section or seen == occurrence:
            return number
    return None


def with_value(text: str, section: str, key: str, literal: str) -> str:
    """The text with the value of a key that fits one line, added to its section where it lacks."""
    lines = text.splitlines()
    number = line_of(text, section, key)
    if number is not None:
        lines[number - 1] = f"{key} = {literal}"
    elif (header := line_of(text, section)) is not None:
        lines.insert(header, f"{key} = {literal}")
    elif section:
        lines += ["", f"[{section}]", f"{key} = {literal}"]
    else:
        lines.insert(0, f"{key} = {literal}")
    return "\n".join(lines) + "\n"


def with_dates(text: str, announced: date, start: date, important: bool) -> str:
    """The text of a policy with the day of its announcement, its start and its importance."""
    for key, literal in (
        ("announced_on", announced.isoformat()),
        ("effective_from", start.isoformat()),
        ("important", str(important).lower()),
    ):
        text = with_value(text, "validity", key, literal)
    return text


def changed_values(before: str, after: str) -> list[ChangedValue]:
    """Values that differ between two texts of policies, by key. Raises TOMLDecodeError."""
    old, new = dict(_values(tomllib.loads(before))), dict(_values(tomllib.loads(after)))
    places = [*old, *(k for k in new if k not in old)]
    return [ChangedValue(p, old.get(p), new.get(p)) for p in places if old.get(p) != new.get(p)]


def difference(before: str, after: str) -> list[DiffLine]:
    """The differing lines of two texts with a few lines around them."""
    old, new = before.splitlines(), after.splitlines()
    out: list[DiffLine] = []
    groups = difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(
        CONTEXT_LINES
    )
    for group in groups:
        if out:
            out.append(DiffLine("gap", "⋯"))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                out += [DiffLine("same", old[i], i + 1, j1 + i - i1 + 1) for i in range(i1, i2)]
                continue
            out += [DiffLine("removed", old[i], before=i + 1) for i in range(i1, i2)]
            out += [DiffLine("added", new[j], after=j + 1) for j in range(j1, j2)]
    return out


def _values(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Places and values of a document; entries of a list are named by their code or level."""
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _values(value, f"{prefix}{key}.")
        elif isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
            for i, entry in enumerate(value):
                name = entry.get("code") or entry.get("level") or i
                yield from _values(entry, f"{prefix}{key}[{name}].")
        else:
            yield f"{prefix}{key}", _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
