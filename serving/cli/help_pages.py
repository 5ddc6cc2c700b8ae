"""Help of groups of commands: whole descriptions, by what they are for, each with an example."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperGroup

EXAMPLE = re.compile(r"^\s*(Example: .*?)(?:\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)
MAX_DESCRIPTION_CHARACTERS = 200
# Headings of `steelyard --help`, and the commands below each.
SECTIONS = {
    "Data": ("simulate", "map", "ingest", "listen", "check", "doctor", "retention", "hold"),
    "Models and nights": ("train", "promote", "nightly", "replay", "show", "credit", "audit"),
    "Boost gate": (
        "serve",
        "key",
        "keys",
        "rotate-key",
        "revoke-key",
        "parity",
        "replay-answer",
    ),
    "Supervision": (
        "desk",
        "desk-account",
        "person",
        "measure",
        "override",
        "appeal",
        "complaint",
        "notice",
        "reminder",
    ),
    "Record and reports": ("evidence", "punishments", "reports", "journal"),
}
FIRST_NIGHT = (
    "Example: steelyard simulate lake --seed 7 --size small",
    "Example: steelyard nightly lake --date 2026-01-25",
    "Example: steelyard show tier_decisions lake",
)


class CommandGroup(TyperGroup):
    """A group that lists its commands with whole descriptions, and an example of each."""

    def sections(self) -> dict[str, list[str]]:
        """Headings and the commands below them."""
        return {"Commands": list(self.commands)}

    def examples(self) -> list[str]:
        """The first example of each command."""
        found = [EXAMPLE.search(c.help or "") for c in self.commands.values()]
        return [" ".join(match.group(1).split()) for match in found if match]

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        """Write the commands, below their headings."""
        for heading, names in self.sections().items():
            rows = [
                (name, self.commands[name].get_short_help_str(MAX_DESCRIPTION_CHARACTERS))
                for name in names
                if not self.commands[name].hidden
            ]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def format_epilog(self, _ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        for example in self.examples():
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(example)


class RootGroup(CommandGroup):
    """`steelyard` itself: commands by what they are for."""

    def sections(self) -> dict[str, list[str]]:
        """Commands by what they are for; those that no section names stand last."""
        named = {n for names in SECTIONS.values() for n in names}
        found = {h: [n for n in names if n in self.commands] for h, names in SECTIONS.items()}
        return found | {"Other": [n for n in self.commands if n not in named]}

    def examples(self) -> list[str]:
        """A first night."""
        return list(FIRST_NIGHT)
