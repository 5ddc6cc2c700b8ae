"""The engine computes signals over a snapshot of what was known at a moment."""
