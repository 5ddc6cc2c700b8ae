"""Rows of a family on their way: event tables, clocks, what follows orders, verdicts, truth."""
