"""Decisions and doors: the night, the gate, the report and the command line."""
