"""Decisions: false discoveries, coverage of figures, replay, tampering, mutation, duties."""
