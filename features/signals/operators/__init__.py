"""Signals of operators: their trade, their audience, their counters, over the last 28 days."""
