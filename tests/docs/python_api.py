"""The page of the analysts' door, made from it: `python -m tests.docs.python_api`."""

import inspect
import textwrap
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import steelyard
from steelyard import detectors

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "python-api.md"
INTRO = """# Python API

Written by `python -m tests.docs.python_api` from the package `steelyard`. These are the only names
under the promise of stability: they change with a deprecation warning for one release.
Wrong input raises `data_contracts.errors.StructuralBreak` (a frame) or `LakeProblem` (all else).
"""


def text_of(thing: Any) -> str:
    """The docstring of a name, without indentation."""
    return textwrap.dedent(inspect.getdoc(thing) or "").strip()


def call_of(name: str, thing: Any) -> str:
    """A name with its parameters, without `self` and without types."""
    given = [p for p in inspect.signature(thing).parameters.values() if p.name != "self"]
    parts, keyword_only = [], False
    for p in given:
        if p.kind is inspect.Parameter.KEYWORD_ONLY and not keyword_only:
            parts.append("*")
            keyword_only = True
        parts.append(p.name if p.default is p.empty else f"{p.name}={p.default!r}")
    return f"{name}({', '.join(parts)})"


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties of a class, in the order of their definition."""
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield name, member.fget
        elif isinstance(member, cached_property):
            yield name, member.func
        elif inspect.isfunction(member):
            yield call_of(name, member), member


def door() -> str:
    """Write the text of docs/reference/python-api.md."""
    out = [INTRO]
    functions = [n for n in steelyard.__all__ if inspect.isfunction(getattr(steelyard, n))]
    classes = [n for n in steelyard.__all__ if inspect.isclass(getattr(steelyard, n))]
    out.append("## Functions\n")
    for name in functions:
        thing = getattr(steelyard, name)
        out.append(f"### `steelyard.{call_of(name, thing)}`\n\n```text\n{text_of(thing)}\n```\n")
    out.append("## `steelyard.SIGNALS`\n\nEvery signal by name, read-only: see the ")
    out[-1] += "[catalogue](../../features/CATALOGUE.md).\n"
    for name in classes:
        kind = getattr(steelyard, name)
        out.append(f"## `{name}`\n\n{text_of(kind)}\n\n| member | what it gives |\n|---|---|")
        for member, thing in members(kind):
            out.append(f"| `.{member}` | {text_of(thing).splitlines()[0]} |")
        out.append("")
    out.append("## `steelyard.detectors`\n")
    for name in detectors.__all__:
        kind = getattr(detectors, name)
        out.append(f"### `{call_of(name, kind)}`\n\n```text\n{text_of(kind)}\n```\n")
    return "\n".join(out).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(door())
