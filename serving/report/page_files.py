"""Files of the exported pages, and the links between them, which open from disk."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

FIRST_PAGE = "report.html"
FOLDER = "report"
FIRST_LANGUAGE = "zh"  # of the first page beside the tables; the other one lies in the folder
Segments = tuple[str, ...]


@dataclass(frozen=True)
class PageFiles:
    """Names of exported pages by the segments of their address at the desk.

    Names are numbers and no ids, because an id may hold what a file name may not.
    """

    names: dict[Segments, str] = field(default_factory=lambda: {(): FIRST_PAGE})

    def add(self, area: str, name: str, ids: Iterable[Any]) -> None:
        """Export a page of each id of an area, as `NAME-1.html` and so on."""
        for number, one in enumerate(ids, 1):
            self.names[(area, str(one))] = f"{name}-{number}.html"

    def path(self, language: str, segments: Segments) -> str:
        """The file of a page below the run's folder.

        Examples
        --------
        >>> PageFiles().path("zh", ()), PageFiles().path("en", ())
        ('report.html', 'report/en/report.html')
        """
        name = self.names[segments]
        is_first = name == FIRST_PAGE and language == FIRST_LANGUAGE
        return name if is_first else f"{FOLDER}/{language}/{name}"

    def link(self, source: str, language: str, *segments: Any, **query: Any) -> str:
        """The link from a file to a page; empty where it is not exported.

        A query asks the desk for another night or for a further page of a list, which no export
        has.
        """
        wanted = tuple(str(s) for s in segments)
        if wanted not in self.names or any(query.values()):
            return ""
        target = self.path(language, wanted)
        return posixpath.relpath(target, posixpath.dirname(source) or ".")
