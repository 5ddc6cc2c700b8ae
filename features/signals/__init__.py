"""Declared signals, by the kind of entity or the source of their data."""
