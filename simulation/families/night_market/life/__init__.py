"""Honest life: strolls, gatherings, applause and trade."""
