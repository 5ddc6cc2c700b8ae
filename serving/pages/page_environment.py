"""The templates with the texts, numbers and dates of a language."""

from __future__ import annotations

from functools import partial

import jinja2

from serving.pages import text_catalogue

LAYOUT = "base.html.j2"  # of pages that a desk serves
FILTERS = ("number", "percent", "magnitudes", "odds_factor", "day", "moment")


def page_environment(language: str, layout: str = LAYOUT) -> jinja2.Environment:
    """Templates in a language.

    Templates get `t(key, **values)`, `word(area, code)`, `language`, `layout`, which pages about a
    night extend, `exported`, and the filters of `FILTERS`. An export has no forms, and an empty
    address for a page that it lacks.
    """
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.PackageLoader("serving.pages"),
    )
    environment.globals |= {
        "t": partial(text_catalogue.text, language),
        "word": partial(text_catalogue.word, language),
        "language": language,
        "layout": layout,
        "exported": layout != LAYOUT,
    }
    for name in FILTERS:
        environment.filters[name] = partial(getattr(text_catalogue, name), language)
    return environment
