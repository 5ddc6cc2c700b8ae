"""Notebooks run from beginning to end, and are committed without outputs and as their .py twins
say."""

from __future__ import annotations

import json
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


ALWAYS = ("01_world", "06_a_case")  # the others run by test-slow


@pytest.mark.parametrize(
    "path",
    [p if p.stem in ALWAYS else pytest.param(p, marks=pytest.mark.slow) for p in NOTEBOOKS],
    ids=lambda p: p.stem,
)
def test_a_notebook_runs(path, published, monkeypatch):
    """A notebook runs to its end and draws its charts."""
    monkeypatch.setenv("STEELYARD_LAKE", str(published))
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    ).execute()
    outputs = [
        o.get("data", {}) for c in notebook.cells if c.cell_type == "code" for o in c.outputs
    ]
    plots = [
        d for d in outputs if "vega" in "".join(d) + d.get("text/html", "") or "image/svg+xml" in d
    ]
    assert len(plots) >= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_committed_without_outputs_and_equals_its_twin(path):
    """A notebook is committed without outputs and equals its twin."""
    committed = json.loads(path.read_text("utf-8"))
    assert all(
        not c.get("outputs") and c.get("execution_count") is None for c in committed["cells"]
    )
    twin = jupytext.read(path.with_suffix(".py"))
    assert [c.source for c in nbformat.read(path, as_version=4).cells] == [
        c.source for c in twin.cells
    ]


def test_all_six_stories_are_there():
    """All six stories are there."""
    assert {p.stem[:2] for p in NOTEBOOKS} == {"01", "02", "03", "04", "05", "06"}
