"""Tiers: from the evidence on an operator to its supervision tier, as pure functions."""
