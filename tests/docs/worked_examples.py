"""The page of worked examples, made from `tests/spec`: `python -m tests.docs.worked_examples`."""

from pathlib import Path

from features.catalogue import CATALOGUE
from tests.spec.cases import example_markdown

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "worked-examples.md"
INTRO = """# Worked examples of signals

Each example is a test: the tables are what a platform delivers, the values what the signal gives.
Signals of running sessions and ten that need very many entities have tests elsewhere.
What a signal means is in the [catalogue](../../features/CATALOGUE.md).

This page is written by `python -m tests.docs.worked_examples`.
"""


def page() -> str:
    """Write the text of docs/reference/worked-examples.md."""
    examples = [(s, example_markdown(s.name)) for s in CATALOGUE]
    parts = [f"\n## `{s.name}` ({s.entity})\n\n{text}\n" for s, text in examples if text]
    return INTRO + "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
