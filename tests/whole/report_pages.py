"""Pages of a report as tests read them: from disk, by their links."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

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


def section_of(text: str, name: str) -> str:
    """A section of a page."""
    return text.partition(f'<section id="{name}">')[2].partition("</section>")[0]


def write_other_blind_figures(folder: Path) -> None:
    """Write other probabilities and ranks of the sessions of the night's audit."""
    drawn = pd.read_parquet(folder / "audit_sample.parquet")["entity_id"]
    scores = pq.read_table(folder / "scores.parquet")
    rows = scores.to_pandas()
    is_blind = (rows["entity_kind"] == "session") & rows["entity_id"].isin(drawn)
    assert is_blind.any()
    rows.loc[is_blind, ["probability", "own_probability"]] = 0.777
    rows.loc[is_blind, "rank"] = 1
    changed = pa.Table.from_pandas(rows, scores.schema, preserve_index=False)
    pq.write_table(changed, folder / "scores.parquet")
