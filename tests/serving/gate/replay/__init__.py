"""Answers and signals of the gate, computed again."""
