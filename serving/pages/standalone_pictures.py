"""Pictures of pages as SVG files of their own, with a style that needs no sheet."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from serving.pages.page_environment import page_environment

STYLE = """\
text { fill: #1b2733; font: 12px sans-serif } .middle { text-anchor: middle }
.quiet { fill: #4d5b69; font-size: 11px } .paper { fill: #ffffff } .axis { stroke: #ccd4dc }
polyline { fill: none; stroke-width: 1.4 } .series-2 { stroke: #0b5a8a } .alert { stroke: #a3271d }
.band { fill: #cfe3dd } .window { fill: #a3271d; opacity: 0.35 } .window.faint { opacity: 0.08 }
.cause { fill: #7a3b86; opacity: 0.22 }"""


def timeline_file(picture: Any, subject: str, language: str = "en") -> str:
    """A timeline (`serving.dossiers.pictures.timeline`) as the text of an SVG file."""
    template = page_environment(language).get_template("timeline.svg.j2")
    return template.render(picture=picture, subject=subject, style=Markup(STYLE))
