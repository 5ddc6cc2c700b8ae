"""Old words that the glossary replaced are not used as names in code."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_layout import FLOORS, ROOT

# Each has a standard term in docs/reference/glossary.md. Participles said what happened to a value,
# not what it is; the constants had neither quantity nor unit.
OLD_WORDS = """
    told held settled shown looked beside among usual lean doubt facts givers company
    Departures departures Ranked ranked upto rarities outlying points_of Unjudged unjudged
    Beside Looked Stand Standing Seen Said Evening yardstick yardsticks pruned purify
    remember at_home rarest price_unseen tempered known_elsewhere weighed
    MOST LEAST ENOUGH FEWEST AT_ONCE FAR TOLD SHARED HELD PLENTY SURE USUAL BEYOND ALIKE TAKEN
    FURTHEST SUSPECT
"""
PUBLISHED = {"facts"}  # columns of published tables that are read as attributes of rows


def names_in(path: Path) -> Iterator[tuple[int, str]]:
    """Every name that a file defines or uses, with its line."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Attribute(attr=name) if name in PUBLISHED:
                pass
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.keyword(arg=str(name)):
                yield node.lineno, name


@pytest.mark.parametrize("floor", FLOORS)
def test_names_are_standard_terms(floor: str) -> None:
    """No name in code is a word that the glossary replaced."""
    old = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in sorted((ROOT / floor).rglob("*.py"))
        for line, name in names_in(path)
        if name in OLD_WORDS.split()
    ]
    assert not old, "\n".join(old)
