"""Worked examples: small tables, a signal, and the value of each entity."""
