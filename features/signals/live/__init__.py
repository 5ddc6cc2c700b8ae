"""Signals of sessions from their public counters by minute, also while they run."""
