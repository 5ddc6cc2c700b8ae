"""Faults of what the gate depends on: made, mended, and what the gate must say meanwhile."""
