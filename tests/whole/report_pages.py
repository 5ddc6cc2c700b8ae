"""Pages of a report as tests read them: from disk, by their links."""

from __future__ import annotations

import html
import re
from pathlib import Path

from data_contracts.lake import LakeOrFolder
from data_contracts.runs import run_folder

FIRST = {"zh": "report.html", "en": "report/en/report.html"}
LINK = re.compile(r'<a\b[^>]*\bhref="([^"]*)"')


def first_page(lake: LakeOrFolder, language: str = "en") -> Path:
    """The first page of the latest night in a language."""
    return run_folder(lake) / FIRST[language]


def linked_pages(page: Path) -> dict[Path, str]:
    """Text of each page that links lead to from a page, itself included."""
    found: dict[Path, str] = {}
    waiting = [page.resolve()]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = path.read_text("utf-8")
            targets = (html.unescape(t).partition("#")[0] for t in LINK.findall(found[path]))
            waiting += [
                (path.parent / t).resolve() for t in targets if t and not t.startswith("data:")
            ]
    return found


def visible_text(text: str) -> str:
    """What a reader sees of a page, or hears of its pictures."""
    body = re.sub(r"<style>.*?</style>", " ", text, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", body))
