"""Docstrings are short sentences, and comments are short."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_layout import FLOORS, ROOT

MAX_WORDS_PER_SENTENCE = 25
MAX_LINES_PER_COMMENT = 2
# Every exception stands here with its reason.
LONG_SENTENCES = {
    "simulation/families/": "lists of schemes and look-alikes, printed in families.md",
    "features/": "its text is part of the digest of released models, mended with the next release",
    "training/": "mended with the next release, as features/",
    "benchmarks/generalisation/": "mended when its figures are measured again",
}
LONG_RUN = re.compile(rf"(?:^[ \t]*#.*\n){{{MAX_LINES_PER_COMMENT + 1},}}", re.MULTILINE)
DOCUMENTED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module


def paragraphs(docstring: str) -> Iterator[str]:
    """Running text of a docstring: no examples, and of a section the text of each entry."""
    for part in re.split(r"\n\s*\n", docstring):
        lines = part.split("\n")
        if ">>>" in part:
            continue
        if len(lines) > 1 and set(lines[1].strip()) == {"-"}:
            entries = re.split(r"\n(?=\S)", "\n".join(lines[2:]))
            yield from (" ".join(e.split("\n")[1:]) or e for e in entries)
        else:
            yield part


def long_sentences(path: Path) -> Iterator[str]:
    """Sentences of the docstrings of a file that have too many words, with their place."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        docstring = (ast.get_docstring(node) or "") if isinstance(node, DOCUMENTED) else ""
        if len(docstring.split()) <= MAX_WORDS_PER_SENTENCE:
            continue
        for text in paragraphs(docstring):
            for sentence in re.split(r"(?<=[.!?])\s+", " ".join(text.split())):
                if len(sentence.split()) > MAX_WORDS_PER_SENTENCE:
                    yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)} {sentence}"


def long_comments(path: Path) -> Iterator[str]:
    """Comments that run over too many lines of their own, with their place."""
    source = path.read_text("utf-8")
    for run in LONG_RUN.finditer(source):
        line = source[: run.start()].count("\n") + 1
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        if any(t.type == tokenize.COMMENT and t.start[0] == line for t in tokens):  # not a text
            yield f"{path.relative_to(ROOT)}:{line}"


@pytest.mark.parametrize("floor", FLOORS)
def test_sentences_are_short(floor: str) -> None:
    """A sentence of a docstring has at most twenty-five words, but where listed with a reason."""
    found = [s for path in sorted((ROOT / floor).rglob("*.py")) for s in long_sentences(path)]
    assert [s for s in found if not s.startswith(tuple(LONG_SENTENCES))] == []


@pytest.mark.parametrize("floor", FLOORS)
def test_comments_are_short(floor: str) -> None:
    """A comment runs over at most two lines."""
    assert [c for p in sorted((ROOT / floor).rglob("*.py")) for c in long_comments(p)] == []
