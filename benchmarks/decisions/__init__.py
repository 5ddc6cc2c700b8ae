"""Decisions: false discoveries, coverage of corrected figures, replay, tampering, mutation, duties."""
