"""Files of exported pages: links between them, and none to what is not there."""

from __future__ import annotations

import pytest

from serving.report.page_files import PageFiles

HOSTILE = ("../../etc/passwd", "a/b", "..", "<b>", "con", "i" * 300)


@pytest.fixture
def files() -> PageFiles:
    files = PageFiles()
    files.add("operators", "operator", HOSTILE)
    files.add("queue", "queue", [1, 2])
    return files


def test_ids_are_no_part_of_file_names(files):
    """An id may hold anything; the file of its page has a number."""
    for number, one in enumerate(HOSTILE, 1):
        path = files.path("en", ("operators", one))
        assert path == f"report/en/operator-{number}.html"


@pytest.mark.parametrize(
    ("source", "language", "segments", "expected"),
    [
        ("report.html", "zh", ("operators", ".."), "report/zh/operator-3.html"),
        ("report.html", "en", (), "report/en/report.html"),
        ("report/en/operator-1.html", "en", (), "report.html"),
        ("report/en/operator-1.html", "zh", (), "../../report.html"),
        ("report/en/operator-1.html", "zh", ("operators", "a/b"), "../zh/operator-2.html"),
        ("report/zh/operator-1.html", "zh", ("queue", 2), "queue-2.html"),
    ],
)
def test_links_are_relative(files, source, language, segments, expected):
    """Links lead from file to file wherever the run's folder lies."""
    assert files.link(source, language, *segments) == expected


def test_what_is_not_exported_has_no_link(files):
    """Another entity, another night and a further page of a list are read at the desk."""
    assert files.link("report.html", "zh", "operators", "unknown") == ""
    assert files.link("report.html", "zh", "operators", "a/b", night="2026-01-19") == ""
    assert files.link("report.html", "zh", "operators", "a/b", page=2, night="") == ""
