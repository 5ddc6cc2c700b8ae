"""Command line of benchmarks that take no arguments."""

from __future__ import annotations

from argparse import ArgumentParser


def refuse_arguments(description: str | None, command: str) -> None:
    """Answer `--help` and refuse all other arguments, before a benchmark begins."""
    ArgumentParser(prog=command, description=description, epilog=f"Example: {command}").parse_args()
